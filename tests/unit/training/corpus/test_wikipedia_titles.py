"""The compressed list of titles: its numbers, its references, and what becomes of a title."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.training.corpus.tiny_corpora import TRIE, write_files
from training.corpus.passage import Passage
from training.corpus.sources.wikipedia_titles import SOURCE, number, unpacked
from training.errors import UnreadableData

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        write_files(tmp_path, {"src/_model.js": text})
        return tmp_path

    return written


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0", 0),
        ("9", 9),
        ("A", 10),
        ("Z", 35),
        ("00", 36),
        ("01", 37),
        ("0Z", 71),
        ("10", 72),
        ("ZZ", 36 + 36**2 - 1),
        ("000", 36 + 36**2),
    ],
)
def test_numbers_are_counted_through_from_one_place_to_the_next(code: str, expected: int) -> None:
    assert number(code) == expected


def test_a_trie_is_unpacked_as_by_hand() -> None:
    """``0:2`` declares that 0 is node 2; any other number counts nodes further down.

    Node 0 leads with b to node 1 and with row to node 2. Node 1 ends bell, leads with oat to
    node 2 and with us two nodes further down, to node 3. Node 2 is a word and leads on to its
    plural; node 3 ends two words.
    """
    assert TRIE == "0:2;b1row0;ell,oat0us2;!s;es,ker"
    words = ["bell", "boat", "boats", "buses", "busker", "row", "rows"]
    assert sorted(unpacked(TRIE)) == words


def test_a_trie_without_declared_nodes_counts_from_the_next() -> None:
    """Without declarations 0 is the next node, 1 the one behind it."""
    assert sorted(unpacked("a0b1;x,y;z")) == ["ax", "ay", "bz"]


def test_titles_begin_each_word_with_a_capital(write: Write) -> None:
    trie = "ada of the (old) north-east,élan,xy,so\u200bon"
    assert list(SOURCE.read(write(f"export default `true¦{trie}`"))) == [
        Passage("title", "en", "Ada Of The (Old) North-East"),
        Passage("title", "en", "Élan"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("export default 1", "has no _model.js with a list of titles"),
        ("export default `true¦a5`", "lacks a part of its list of titles"),
    ],
)
def test_a_file_without_a_whole_list_is_refused(write: Write, text: str, message: str) -> None:
    folder = write(text)
    with pytest.raises(UnreadableData, match=message):
        list(SOURCE.read(folder))

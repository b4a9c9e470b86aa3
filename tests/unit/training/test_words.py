"""GloVe's text format, and the words that it has no vector of."""

from pathlib import Path

import numpy as np
import pytest

from training.encoders.words import (
    RANDOM_SCALE,
    Words,
    check_words,
    random_words,
    read_words,
    word_tokenizer,
    words_of,
)
from training.errors import UnusableEncoder


def file_of(folder: Path, *lines: str, end: str = "\n") -> Path:
    path = folder / "glove.txt"
    path.write_text(end.join(lines) + end, encoding="utf-8", newline="")
    return path


def vector_of(words: Words, word: str) -> list[float]:
    (row,) = words.tokenizer.encode(word).ids
    return words.vectors_VD[row].tolist()


def test_each_word_gets_its_vector(tmp_path: Path) -> None:
    path = file_of(tmp_path, "the 0.5 -1", "ferry 2 3e-1", "unheard 9 9")
    words = read_words(path, ["ferry", "the"], 2, seed=1)
    assert vector_of(words, "ferry") == pytest.approx([2, 0.3])
    assert vector_of(words, "The") == [0.5, -1]
    assert words.found == 2
    assert words.vectors_VD.shape == (4, 2)
    assert words.vectors_VD.dtype == np.float32


def test_padding_is_zero_and_words_without_a_vector_are_random(tmp_path: Path) -> None:
    vocabulary = ["the", *(f"w{place}" for place in range(200))]
    words = read_words(file_of(tmp_path, "the " + "1 " * 9 + "1"), vocabulary, 10, seed=1)
    again = read_words(file_of(tmp_path, "the " + "1 " * 9 + "1"), vocabulary, 10, seed=1)
    other = read_words(file_of(tmp_path, "the " + "1 " * 9 + "1"), vocabulary, 10, seed=2)
    unheard_VD = words.vectors_VD[3:]
    assert not words.vectors_VD[0].any()
    assert words.vectors_VD[1].any()  # of all words that are in no vocabulary
    assert len(np.unique(unheard_VD, axis=0)) == 200
    assert unheard_VD.std() == pytest.approx(RANDOM_SCALE, rel=0.1)
    assert np.array_equal(words.vectors_VD, again.vectors_VD)
    assert not np.array_equal(words.vectors_VD, other.vectors_VD)
    assert words.found == 1


def test_vectors_without_a_file_are_random_with_padding_zero() -> None:
    words = random_words(["a", "b"], 5, seed=3)
    assert words.vectors_VD.shape == (4, 5)
    assert not words.vectors_VD[0].any()
    assert words.vectors_VD[1:].all()
    assert words.found == 0


def test_the_head_line_of_word2vec_is_passed_over(tmp_path: Path) -> None:
    words = read_words(file_of(tmp_path, "2 3", "the 1 2 3", "2 4 5 6"), ["the", "2"], 3, seed=1)
    assert vector_of(words, "the") == [1, 2, 3]
    assert vector_of(words, "2") == [4, 5, 6]


def test_words_that_hold_blanks_are_passed_over(tmp_path: Path) -> None:
    path = file_of(tmp_path, "the 1 2", ". . . 3 4", "at name@domain.com 5 6", "at 7 8")
    words = read_words(path, ["the", "at", "."], 2, seed=1)
    assert vector_of(words, "at") == [7, 8]
    assert vector_of(words, "the") == [1, 2]
    assert words.found == 2


def test_lines_may_end_as_on_windows_or_in_a_blank(tmp_path: Path) -> None:
    path = file_of(tmp_path, "the 1 2", "ferry 3 4 ", end="\r\n")
    words = read_words(path, ["the", "ferry"], 2, seed=1)
    assert (vector_of(words, "the"), vector_of(words, "ferry")) == ([1, 2], [3, 4])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["the 1 2 3"], r"glove\.txt:1: expected a word and 2 numbers, found 3"),
        (["2 3", "the 1 2 3"], r"glove\.txt:2: expected a word and 2 numbers, found 3"),
        (["2 1", "the 1"], r"glove\.txt:2: expected a word and 2 numbers, found 1"),
        (["the 1 2", "ferry 3"], r"glove\.txt:2: expected a word and 2 numbers, found 1"),
        (["the 1 2", "", "ferry 3 4"], r"glove\.txt:2: .* found 0 .*text\.encoder\.dimension"),
        (["a 1 2", "the 1 two"], r"glove\.txt:2: expected numbers: .*two"),
        (["unheard 1 2"], "no vector of any word of the news"),
        ([""], r"glove\.txt:1: .* found 0"),
    ],
)
def test_a_file_in_another_format_is_refused_and_the_line_named(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(UnusableEncoder, match=message):
        read_words(file_of(tmp_path, *lines), ["the", "ferry"], 2, seed=1)


def test_a_first_look_refuses_vectors_of_another_dimension_behind_a_head_line(
    tmp_path: Path,
) -> None:
    with pytest.raises(UnusableEncoder, match="expected a word and 2 numbers, found 3"):
        check_words(file_of(tmp_path, "2 3", "the 1 2 3", "ferry 4 5 6"), 2)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableEncoder, match=r"glove\.txt cannot be read"):
        read_words(tmp_path / "glove.txt", ["the"], 2, seed=1)
    (tmp_path / "glove.txt").write_bytes(b"caf\xe9 1 2\n")
    with pytest.raises(UnusableEncoder, match=r"glove\.txt cannot be read"):
        read_words(tmp_path / "glove.txt", ["the"], 2, seed=1)


def test_the_words_of_texts_are_lower_case_the_most_frequent_first() -> None:
    texts = ["The ferry, the crew", "FERRY strikes the Café"]
    assert words_of(texts)[:2] == ["the", "ferry"]
    assert set(words_of(texts)) == {"the", "ferry", ",", "crew", "strikes", "café"}
    assert words_of(texts, fewest=2) == ["the", "ferry"]


def test_a_word_that_is_in_no_vocabulary_is_unknown() -> None:
    assert word_tokenizer(["ferry", "."]).encode("A ferry.").ids == [1, 2, 3]

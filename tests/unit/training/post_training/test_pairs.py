"""Titles and bodies out of whatever table holds them."""

from pathlib import Path

import pytest

from tests.unit.training.post_training.tiny_pairs import TITLES
from tests.unit.training.real_data import sample
from training.data.problems import Problems
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_tokenizer
from training.errors import UnreadableData
from training.post_training.pairs import Pair, PairFile, PairTokens, file_of, read_pairs


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_body_in_a_quoted_cell_may_hold_line_breaks(tmp_path: Path) -> None:
    text = 'category\theadline\ttext\turl\nsport\tA title\t"One ""line"".\nAnother."\t/x\n'
    path = written(tmp_path / "news.tsv", text)
    assert read_pairs([PairFile(path=path)]) == [Pair("A title", 'One "line".\nAnother.')]


def test_columns_of_files_without_a_header_stand_where_they_were_published(tmp_path: Path) -> None:
    msn = written(tmp_path / "msn.tsv", "N1\tautos\tnews\tTitle\tAbstract\tBody\n")
    ag = written(tmp_path / "ag.csv", '"3","Second","Its description"\n')
    line = "N2\tsport\tgolf\tThird\tIts abstract\thttps://x\t[]\t[]\n"
    mind = written(tmp_path / "news.tsv", line)
    read = read_pairs(
        [file_of(f"msn-bodies={msn}"), file_of(f"ag-news={ag}"), file_of(f"mind={mind}")]
    )
    assert read == [
        Pair("Title", "Body"),
        Pair("Second", "Its description"),
        Pair("Third", "Its abstract"),
    ]


def test_news_without_a_body_have_no_pair_and_each_pair_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path / "n.csv", "title,body\nA,one\nB,\nA,one\nA,two\n")
    assert read_pairs([file_of(str(path))]) == [Pair("A", "one"), Pair("A", "two")]


def test_a_bad_row_is_an_error_with_its_line_or_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "n.csv", "title,body\nA,one\nB,two,more\n")
    with pytest.raises(UnreadableData, match=r"n\.csv:3: expected 2 columns"):
        read_pairs([PairFile(path=path)])
    problems = Problems(skip=True)
    assert read_pairs([PairFile(path=path)], problems) == [Pair("A", "one")]
    assert problems.skipped == 1


def test_a_file_without_any_pair_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "n.csv", "title,body\nA,\n")
    with pytest.raises(
        UnreadableData, match="expected titles with bodies or abstracts, found none"
    ):
        read_pairs([PairFile(path=path)])


def test_a_title_that_several_news_share_is_tokenised_once(tiny_bert: Path) -> None:
    tokenizer = load_tokenizer(read_folder(tiny_bert))
    one, two = TITLES[:2]
    pairs = [Pair(one, "x y"), Pair(two, "z"), Pair(one, "w")]
    tokens = PairTokens.of(pairs, tokenizer, 6, 12)
    assert tokens.title_N.tolist() == [0, 1, 0]
    assert (len(tokens), len(tokens.titles), len(tokens.bodies)) == (3, 2, 3)
    assert tokens.titles.lengths_N.max() <= 6


@pytest.mark.parametrize(
    ("stated", "at_least"),
    [
        ("masakhanews/eng/dev.tsv", 400),
        ("msn-bodies=msn-bodies/articles.tsv", 400),
        ("ag-news=ag-news/test.csv", 7000),
        ("mind=mind-sample/dev", 400),
    ],
)
def test_the_real_files_are_read(stated: str, at_least: int) -> None:
    layout, equals, path = stated.rpartition("=")
    read = read_pairs([file_of(f"{layout}{equals}{sample(path)}")])
    assert len(read) >= at_least
    assert all(pair.title and pair.body for pair in read)

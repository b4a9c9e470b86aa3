"""xMIND: other titles for the same rows."""

from pathlib import Path

import polars as pl
import pytest

from tests.unit.training.real_data import sample
from training.data import mind, xmind
from training.data.news import NewsTable
from training.data.problems import Problems
from training.errors import UnreadableData

HEADER = "nid\ttitle\tabstract\n"
NEWS = NewsTable.of(
    pl.DataFrame(
        {
            "news_id": ["N1", "N2", "N3"],
            "title": ["One", "Two", "Three"],
            "abstract": ["A", "B", ""],
            "category": ["sports", "autos", "news"],
            "language": ["en"] * 3,
        }
    )
)


def write(folder: Path, content: str) -> Path:
    path = folder / "cmn.tsv"
    path.write_bytes(content.encode())
    return path


def test_titles_abstracts_and_language_are_replaced_where_the_file_has_them(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, HEADER + "N9\t九\t\nN3\t三\t丙\nN1\t一\t\n")
    news = xmind.translated(NEWS, path, "zh")
    assert news.ids == NEWS.ids
    assert news.column("title") == ["一", "Two", "三"]
    assert news.column("abstract") == ["", "B", "丙"]
    assert news.column("language") == ["zh", "en", "zh"]
    assert news.column("category") == NEWS.column("category")
    assert news.frame.columns == NEWS.frame.columns


def test_cells_are_quoted_as_in_csv(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + 'N1\t"他說""一"""\t"上\n下"\r\nN2\t二\t"a\tb"\n')
    news = xmind.translated(NEWS, path, "zh")
    assert news.column("title")[:2] == ['他說"一"', "二"]
    assert news.column("abstract")[:2] == ["上\n下", "a\tb"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"cmn\.tsv is empty; expected rows of cells under a header"),
        (HEADER, r"cmn\.tsv is empty"),
        ("id\ttitle\tabstract\nN1\t一\t\n", r":1: expected the columns nid, .* found id, title"),
        ("N1\ta\tb\tc\nN2\ta\tb\tc\n", r":1: expected the columns nid, .* found N1, a, b, c"),
        (HEADER + "N1\t一\t\nN2\t二\n", r":3: expected 3 columns \(nid, .* found 2"),
        (HEADER + 'N1\t"一\n二"\t\nN2\t\t\n', r":4: expected a news id and a title, found an em"),
        (HEADER + "N1\t \t\n", r":2: expected a news id and a title"),
        (HEADER + "N1\t一\t\nN1\t二\t\n", r":3: expected each news id once, found N1 again"),
    ],
)
def test_what_is_malformed_is_named_by_file_and_line(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        xmind.translated(NEWS, write(tmp_path, content), "zh")


def test_malformed_lines_are_left_out_where_they_may_be(tmp_path: Path) -> None:
    content = HEADER + "N1\t一\t\nN1\t壹\t\nN2\t\t\nN2\t二\nN3\t三\t\n"
    problems = Problems(skip=True)
    news = xmind.translated(NEWS, write(tmp_path, content), "zh", problems)
    assert news.column("title") == ["一", "Two", "三"]
    assert problems.skipped == 3


def test_the_real_sample_translates_more_than_half_of_minds() -> None:
    folder = sample("mind-sample")
    news = mind.read_all_news([folder / split / mind.NEWS for split in ("train", "dev")])
    (path,) = sample("xmind-sample/cmn").iterdir()
    translated = xmind.translated(news, path, "zh")
    assert translated.ids == news.ids
    assert translated.column("language").count("zh") == 28_482
    titles = translated.column("title")
    assert not any(t.startswith('"') and t.endswith('"') and '""' in t for t in titles)

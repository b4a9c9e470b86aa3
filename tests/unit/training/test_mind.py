"""MIND's files: read as they are, refused by file and line where they are broken."""

from datetime import datetime
from pathlib import Path

import pytest

from training.data import mind
from training.data.impressions import News, NewsId
from training.errors import UnreadableData

NEWS = "N1\tsports\tgolf\tA “title” with 'quotes' and \"more\"\tAn abstract\thttps://n/1\t[]\t[]\n"
SEEN = "7\tU1\t11/13/2019 8:36:57 AM\tN1 N2 N1\tN2-0 N1-1\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_news_line_is_read_as_it_stands(tmp_path: Path) -> None:
    news = mind.read_news(write(tmp_path, "news.tsv", NEWS))
    title = "A “title” with 'quotes' and \"more\""
    assert news == {"N1": News(NewsId("N1"), "sports", "golf", title, "An abstract", "https://n/1")}


def test_quotes_and_foreign_line_ends_do_not_end_a_title(tmp_path: Path) -> None:
    title = '"Unclosed, with \x85 and \u2028 and \x0b inside'
    path = write(tmp_path, "news.tsv", NEWS.replace("A “title”", title) + NEWS.replace("N1", "N2"))
    news = mind.read_news(path)
    assert list(news) == ["N1", "N2"]
    assert title in news[NewsId("N1")].title


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "behaviors.tsv", SEEN.replace("\n", "\r\n"))
    (impression,) = mind.read_impressions(path)
    assert impression.candidates == ("N2", "N1")


def test_an_impression_keeps_repeats_and_order(tmp_path: Path) -> None:
    (impression,) = mind.read_impressions(write(tmp_path, "behaviors.tsv", SEEN))
    assert impression.time == datetime(2019, 11, 13, 8, 36, 57)
    assert impression.history == ("N1", "N2", "N1")
    assert impression.candidates == ("N2", "N1")
    assert impression.labels == (0, 1)


def test_an_empty_history_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path, "behaviors.tsv", SEEN + SEEN.replace("N1 N2 N1", ""))
    first, second = mind.read_impressions(path, known={NewsId("N1"), NewsId("N2")})
    assert first.history == ("N1", "N2", "N1")
    assert second.history == ()


def test_of_several_news_files_the_first_one_counts(tmp_path: Path) -> None:
    first = write(tmp_path, "first.tsv", NEWS)
    second = write(
        tmp_path, "second.tsv", NEWS.replace("sports", "autos") + NEWS.replace("N1", "N2")
    )
    news = mind.read_all_news([first, second])
    assert sorted(news) == ["N1", "N2"]
    assert news[NewsId("N1")].category == "sports"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (NEWS + "N2\tsports\n", r"news\.tsv:2: expected 8 tab-separated columns .* found 2"),
        (NEWS + "\n", r"news\.tsv:2: expected 8 tab-separated columns .* found 1"),
        (NEWS + NEWS, r"news\.tsv:2: expected each news id once, found N1 again"),
        ("\ta\tb\tc\td\te\tf\tg\n", r"news\.tsv:1: expected a news id and a title"),
        (NEWS.encode() + b"\xff" + NEWS.encode(), r"news\.tsv:2: expected UTF-8 text"),
        ("", r"news\.tsv is empty; expected lines of news id, category"),
    ],
)
def test_malformed_news_are_named_by_file_and_line(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        mind.read_news(write(tmp_path, "news.tsv", content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SEEN + "8\tU1\n", r"behaviors\.tsv:2: expected 5 tab-separated columns .* found 2"),
        (SEEN + SEEN.replace("8:36:57 AM", "25:00"), r":2: expected a time such as 11/13/2019 8:3"),
        (SEEN.replace("11/13", "13/11"), r":1: expected a time .* found '13/11/2019 8:36:57 AM'"),
        (SEEN.replace("N2-0", "N2"), r":1: expected candidates such as N123-1 .* found 'N2'"),
        (SEEN.replace("N2-0", "N2-2"), r":1: expected candidates such as N123-1 .* found 'N2-2'"),
        (SEEN.replace("N2-0", "-1"), r":1: expected candidates such as N123-1 .* found '-1'"),
        (SEEN.replace("N2-0 N1-1", ""), r":1: expected at least one candidate, found none"),
        (SEEN.replace("N2-0", "N9-0"), r":1: expected candidates that .* hold, found unknown N9"),
        (SEEN.replace("N2 N1", "N8 N1"), r":1: expected history that .* hold, found unknown N8"),
        ("", r"behaviors\.tsv is empty; expected lines of impression id"),
    ],
)
def test_malformed_impressions_are_named_by_file_and_line(
    tmp_path: Path, content: str, said: str
) -> None:
    path = write(tmp_path, "behaviors.tsv", content)
    with pytest.raises(UnreadableData, match=said):
        list(mind.read_impressions(path, known={NewsId("N1"), NewsId("N2")}))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"news\.tsv cannot be read: No such file"):
        mind.read_news(tmp_path / "news.tsv")

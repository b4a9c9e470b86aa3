"""MIND's files: read as they are, refused by file and line where they are broken."""

from pathlib import Path

import pytest

from training.data import mind
from training.data.impressions import NewsId
from training.errors import UnreadableData

NEWS = 'N1\tsports\tgolf\tHe said "no"\u2028twice\t\thttps://x\t[]\t[]\n'
LOG = "1\tU1\t11/13/2019 8:36:57 AM\tN1 N1\tN2-1 N3-0\n"


def refused(tmp_path: Path, content: str | bytes, kind: str) -> str:
    path = tmp_path / "file.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read = {"news": mind.read_news, "log": lambda path: list(mind.read_impressions(path))}[kind]
    with pytest.raises(UnreadableData) as caught:
        read(path)
    return str(caught.value)


def test_news_and_impressions_read_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_text(NEWS, encoding="utf-8")
    (tmp_path / "behaviors.tsv").write_text(LOG + LOG.replace("N1 N1", ""), encoding="utf-8")
    news = mind.read_news(tmp_path / "news.tsv")
    assert news[NewsId("N1")].title == 'He said "no"\u2028twice'
    first, second = mind.read_impressions(tmp_path / "behaviors.tsv")
    assert first.history == ("N1", "N1")
    assert (first.candidates, first.labels) == (("N2", "N3"), (1, 0))
    assert first.time.hour == 8
    assert second.history == ()


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ("N1\tsports\tgolf\n", "news", "file.tsv:1: expected 8"),
        (NEWS + NEWS, "news", "file.tsv:2"),
        (NEWS.replace("N1", ""), "news", "file.tsv:1"),
        (NEWS.encode() + b"\xff" + NEWS.encode()[1:], "news", "file.tsv:2: expected UTF-8"),
        ("", "news", "is empty"),
        ("", "log", "is empty"),
        (LOG + "2\tU\n", "log", "file.tsv:2: expected 5"),
        (LOG.replace("11/13", "13/11"), "log", "expected a time"),
        (LOG.replace("N2-1", "N2-2"), "log", "expected candidates"),
        (LOG.replace("N2-1", "N2"), "log", "expected candidates"),
        (LOG.replace("N2-1 N3-0", ""), "log", "at least one candidate"),
    ],
)
def test_what_is_broken_is_named_by_file_and_line(
    tmp_path: Path, content: str | bytes, kind: str, said: str
) -> None:
    assert said in refused(tmp_path, content, kind)


def test_an_unknown_id_and_a_missing_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "behaviors.tsv"
    path.write_text(LOG)
    with pytest.raises(UnreadableData, match=r"behaviors\.tsv:1.*unknown N3"):
        list(mind.read_impressions(path, known={NewsId("N1"), NewsId("N2")}))
    with pytest.raises(UnreadableData, match="nowhere"):
        mind.read_news(tmp_path / "nowhere")

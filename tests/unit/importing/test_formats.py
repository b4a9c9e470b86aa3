from collections.abc import Callable
from pathlib import Path

import pytest

from service.importing.errors import BadColumns, ImportStopped, UnknownFormat, Unreadable
from service.importing.sources.feed import Feed
from service.importing.sources.formats import (
    SourceFormat,
    default_language,
    detect,
    open_source,
    shown_name,
)
from service.importing.sources.json_lines import JsonLines
from service.importing.sources.mind import Mind
from service.importing.sources.table import Table

Write = Callable[[str, str | bytes], Path]
MIND = "N1\tnews\tnewsworld\tTitle\tAbstract\thttps://example.org/1\t[]\t[]\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("news.tsv", MIND, "mind"),
        ("news.tsv", "id\ttitle\n", "csv"),
        ("news.tsv", "id\ttitle\tcategory\ta\tb\tc\td\te\n", "csv"),
        ("news.txt", MIND, "mind"),
        ("news.csv", "id,title\n", "csv"),
        ("news.JSONL", "", "jsonl"),
        ("news.ndjson", "", "jsonl"),
        ("news.json", '{"id": "a"}\n', "jsonl"),
        ("news", '\ufeff  {"id": "a"}\n', "jsonl"),
        ("news.rss", "", "feed"),
        ("news", "<?xml version='1.0'?>", "feed"),
    ],
)
def test_the_format_is_seen(write: Write, name: str, content: str, expected: str) -> None:
    assert detect(str(write(name, content))) == expected


def test_an_address_is_a_feeds() -> None:
    assert detect("https://example.org/news.csv") is SourceFormat.FEED


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("news.json", "[{}]", "one JSON array"),
        ("news.txt", "\ufeffid".encode("utf-16-le"), "UTF-16"),
        ("news.txt", "some words\n", "give its format"),
        ("news", "", "give its format"),
    ],
)
def test_what_is_not_clear_is_asked_for(
    write: Write, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(UnknownFormat, match=said):
        detect(str(write(name, content)))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        detect(str(tmp_path / "none.csv"))
    with pytest.raises(Unreadable, match="not a file"):
        detect(str(tmp_path))


@pytest.mark.parametrize(
    ("source_format", "reader"),
    [("mind", Mind), ("jsonl", JsonLines), ("csv", Table), ("feed", Feed)],
)
def test_each_format_has_its_reader(source_format: str, reader: type) -> None:
    source = open_source("x", SourceFormat(source_format), columns={}, allow_private=False)
    assert isinstance(source, reader)


def test_only_tables_have_columns_and_only_feeds_an_address() -> None:
    with pytest.raises(BadColumns, match="only CSV"):
        open_source("x", SourceFormat.MIND, columns={"title": "t"}, allow_private=False)
    with pytest.raises(UnknownFormat, match="only feeds"):
        open_source("http://x/y", SourceFormat.CSV, columns={}, allow_private=False)


def test_mind_is_english() -> None:
    languages = {name: default_language(SourceFormat(name)) for name in SourceFormat}
    assert languages == {"mind": "en", "jsonl": None, "csv": None, "feed": None}


def test_a_name_on_the_screen_has_no_folder_and_no_password() -> None:
    assert shown_name("some/folder/news.tsv") == "news.tsv"
    assert shown_name("https://me:secret@example.org/feed") == "https://example.org/feed"
    with pytest.raises(ImportStopped):
        shown_name("gopher://example.org/feed")

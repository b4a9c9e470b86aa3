from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from service.importing.errors import BadColumns, Unreadable
from service.importing.records import Problem
from service.importing.sources.table import Table

Write = Callable[[str, str | bytes], Path]


def read(path: Path, columns: Mapping[str, str] | None = None) -> list[Any]:
    """What the records hold, each Problem as its line number and text."""
    return [
        (int(record.place.rpartition(":")[2]), record.content.detail)
        if isinstance(record.content, Problem)
        else record.content
        for record in Table(path, columns or {}).records()
    ]


def test_columns_are_the_articles_fields(write: Write) -> None:
    path = write("news.csv", "id,title,category\na,One,sports\nb,Two,\n")
    assert read(path) == [
        {"id": "a", "title": "One", "category": "sports"},
        {"id": "b", "title": "Two", "category": ""},
    ]


def test_a_field_may_hold_line_breaks_quotes_and_commas(write: Write) -> None:
    path = write(
        "news.csv", 'id,title,body\r\na,"Say ""hi"", he said","one\ntwo\r\nthree"\r\nb,T,B'
    )
    first, second = read(path)
    assert first == {"id": "a", "title": 'Say "hi", he said', "body": "one\ntwo\r\nthree"}
    assert second["id"] == "b"


def test_columns_can_be_mapped_and_then_lose_their_own_meaning(write: Write) -> None:
    path = write("news.csv", "headline,url,text\nOne,https://x/1,Body\n")
    mapping = {"title": "headline", "article_id": "url", "body": "text"}
    without_url = {"article_id": "https://x/1", "title": "One", "body": "Body"}
    assert read(path, mapping) == [without_url]
    assert read(path, {**mapping, "url": "url"}) == [{**without_url, "url": "https://x/1"}]


def test_columns_that_are_no_field_become_attributes(write: Write) -> None:
    path = write("news.csv", 'id,title,desk,attributes\na,One,coast,"{""words"": 7}"\nb,Two,,\n')
    first, second = read(path)
    assert first["attributes"] == {"desk": "coast", "words": 7}
    assert second["attributes"] == ""


def test_an_id_beside_an_article_id_is_an_attribute(write: Write) -> None:
    (row,) = read(write("news.csv", "id,article_id,title\n7,a,One\n"))
    assert row == {"article_id": "a", "title": "One", "attributes": {"id": "7"}}


def test_entities_are_json(write: Write) -> None:
    header = "id,title,entities\n"
    path = write("news.csv", header + 'a,One,"[{""label"": ""Oslo""}]"\nb,Two,[oops\n')
    first, second = read(path)
    assert first["entities"] == [{"label": "Oslo"}]
    assert second[0] == 3
    assert "entities is not JSON" in second[1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(write: Write, delimiter: str) -> None:
    path = write("news.csv", f"\ufeffid{delimiter}title\na{delimiter}One\n")
    assert read(path) == [{"id": "a", "title": "One"}]


def test_bad_rows_are_named_by_their_first_line(write: Write) -> None:
    rows = [
        b'a,"broken\nover two"',
        b"b,One,extra",
        b"",
        b'c,"quoted" tail',
        b"d,caf\xe9",
        b"lonely",
        b"e,Fine",
    ]
    problems = read(write("news.csv", b"id,title\n" + b"\n".join(rows)))
    assert problems[0] == {"id": "a", "title": "broken\nover two"}
    assert problems[1] == (4, "has 3 fields, the header has 2")
    assert problems[2][0] == 6
    assert "is not CSV" in problems[2][1]
    assert problems[3] == (7, "is not UTF-8")
    assert problems[4] == (8, "has 1 fields, the header has 2")
    assert problems[5] == {"id": "e", "title": "Fine"}


def test_a_quote_that_never_closes_is_a_problem_and_not_a_huge_field(write: Write) -> None:
    rows = 'a,"never closed\n' + "b,Two\n" * 10
    (only,) = read(write("news.csv", "id,title\n" + rows))
    assert only[0] == 2
    assert "is not CSV" in only[1]


def test_after_a_quote_that_stays_open_too_long_reading_goes_on(write: Write) -> None:
    filling = "x" * 1000 + "\n"
    path = write("news.csv", 'id,title\na,"' + filling * 5_000 + "b,Two\n")
    rows = read(path)
    assert rows[0][0] == 2
    assert "field larger" in rows[0][1]
    assert rows[-1] == {"id": "b", "title": "Two"}


def test_a_body_of_the_greatest_length_is_read(write: Write) -> None:
    (row,) = read(write("news.csv", "id,title,body\na,One," + "x" * 200_000))
    assert len(row["body"]) == 200_000


@pytest.mark.parametrize(
    ("header", "mapping", "said"),
    [
        ("id,headline", {}, "but not title"),
        ("title,category", {}, "but not article_id or id"),
        ("id,title,title", {}, "twice"),
        ("id,title", {"headline": "title"}, "no field of an article"),
        ("id,title", {"body": "text"}, "but not 'text'"),
        ("", {}, "no header"),
        ("\n", {}, "no header"),
    ],
)
def test_a_header_that_does_not_fit_ends_the_import(
    write: Write, header: str, mapping: dict[str, str], said: str
) -> None:
    with pytest.raises(BadColumns, match=said):
        read(write("news.csv", header), mapping)


def test_a_file_that_is_not_there_ends_the_import(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        read(tmp_path / "none.csv")

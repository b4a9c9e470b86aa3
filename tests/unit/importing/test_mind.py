import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.importing.records import Problem, Record
from service.importing.sources.lines import LONGEST
from service.importing.sources.mind import Mind

Write = Callable[[str, str | bytes], Path]
ENTITY = {"Label": "Oslo", "Type": "G", "WikidataId": "Q585", "Confidence": 1.0}


def row(article_id: str = "N1", title: str = "A title", **columns: str) -> str:
    values = {"abstract": "", "title_entities": "[]", "abstract_entities": "[]", **columns}
    return "\t".join(
        [
            article_id,
            "news",
            "newsworld",
            title,
            values["abstract"],
            "https://example.org/1.html",
            values["title_entities"],
            values["abstract_entities"],
        ]
    )


def read(path: Path) -> list[Record]:
    return list(Mind(path).records())


def fields(record: Record) -> dict[str, Any]:
    assert isinstance(record.content, dict), record
    return record.content


def problem(record: Record) -> str:
    assert isinstance(record.content, Problem), record
    return record.content.detail


def test_a_line_becomes_an_article(write: Write) -> None:
    in_title, in_abstract = json.dumps([ENTITY]), json.dumps([{"Label": "Ferry"}])
    line = row(abstract="Short.", title_entities=in_title, abstract_entities=in_abstract)
    (record,) = read(write("news.tsv", line + "\n"))
    assert fields(record) == {
        "article_id": "N1",
        "title": "A title",
        "abstract": "Short.",
        "category": "news",
        "subcategory": "newsworld",
        "url": "https://example.org/1.html",
        "entities": [{**ENTITY, "field": "title"}, {"Label": "Ferry", "field": "abstract"}],
    }
    assert record.share == 1.0


@pytest.mark.parametrize(
    "title", ['"Quoted" and open "', "It's 5' 7\"", '"', "a,b;c", "x\u2028y\x0bz\x85", " padded "]
)
def test_quotes_and_odd_white_space_in_a_title_stay(write: Write, title: str) -> None:
    first, second = read(write("news.tsv", row(title=title) + "\n" + row("N2") + "\n"))
    assert fields(first)["title"] == title
    assert fields(second)["article_id"] == "N2"


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_every_kind_of_line_end_will_do(write: Write, end: str) -> None:
    records = read(write("news.tsv", "\ufeff" + row() + (end or "\n") + row("N2") + end))
    assert [fields(record)["article_id"] for record in records] == ["N1", "N2"]
    assert fields(records[1])["entities"] == []


def test_bad_lines_are_named_and_the_rest_is_read(write: Write) -> None:
    lines: list[bytes] = [
        row().encode(),
        b"N2\tnews\tonly three",
        b"",
        row("N4", title_entities="[{").encode(),
        row("N5", abstract_entities='{"Label": 1}').encode(),
        row("N6", title="caf\u00e9").encode("latin-1"),
        row("N7", title_entities="[1]").encode(),
        row("N8", title_entities="").encode(),
    ]
    path = write("news.tsv", b"\n".join(lines))
    records = read(path)
    places = [record.place.removeprefix(f"{path}:") for record in records]
    assert places == ["1", "2", "4", "5", "6", "7", "8"]
    assert "3 columns" in problem(records[1])
    assert "title's entities are not JSON" in problem(records[2])
    assert "abstract's entities are not a list of objects" in problem(records[3])
    assert "not UTF-8" in problem(records[4])
    assert "title's entities are not a list of objects" in problem(records[5])
    assert fields(records[6])["entities"] == []


def test_a_line_without_end_is_not_read_into_memory_whole(write: Write) -> None:
    endless = b"x" * (LONGEST * 2 + 10)
    first, second = read(write("news.tsv", endless + b"\n" + row("N2").encode()))
    assert "longer than" in problem(first)
    assert fields(second)["article_id"] == "N2"
    assert second.place.endswith(":2")


def test_the_share_grows_with_the_file(write: Write) -> None:
    records = read(write("news.tsv", "\n".join(row(f"N{n}") for n in range(10))))
    shares = [record.share for record in records]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.2
    assert shares[-1] == 1.0

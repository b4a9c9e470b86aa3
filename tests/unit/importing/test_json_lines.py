from collections.abc import Callable
from pathlib import Path

from service.importing.records import Problem
from service.importing.sources.json_lines import JsonLines

Write = Callable[[str, str | bytes], Path]


def test_each_line_is_an_article(write: Write) -> None:
    path = write("news.jsonl", '\ufeff{"id": "a", "title": "T\\u2028"}\r\n\n{"id": "b", "n": [1]}')
    records = list(JsonLines(path).records())
    assert [record.content for record in records] == [
        {"id": "a", "title": "T\u2028"},
        {"id": "b", "n": [1]},
    ]
    assert [record.place for record in records] == [f"{path}:1", f"{path}:3"]


def test_a_line_that_is_no_object_is_named(write: Write) -> None:
    lines = [b'{"id": "a"}', b"{", b"[1]", b'"x"', b'{"id": NaN}', b'{"id": "\xff"}', b'{"id":"b"}']
    records = list(JsonLines(write("news.jsonl", b"\n".join(lines))).records())
    details = [r.content.detail for r in records if isinstance(r.content, Problem)]
    assert len(records) == 7
    assert [detail[:11] for detail in details] == [
        "is not JSON",
        "is not a JS",
        "is not a JS",
        "is not JSON",
        "the line is",
    ]
    assert records[-1].content == {"id": "b"}

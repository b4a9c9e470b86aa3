"""MIND's ``news.tsv``: eight columns, tabs between them, nothing quoted (Wu et al., ACL 2020)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from service.importing.errors import UnsoundRecord
from service.importing.records import Fields, Record
from service.importing.sources.lines import Line, read_lines

COLUMNS: Final = 8
LANGUAGE: Final = "en"
"""What MIND's articles are written in."""


@dataclass(frozen=True)
class Mind:
    """The articles of one ``news.tsv``."""

    path: Path

    def records(self) -> Iterator[Record]:
        """One record a line."""
        for line in read_lines(self.path):
            yield Record.of(line.place, line.share, _fields, line)


def _fields(line: Line) -> Fields:
    columns = line.text().split("\t")
    if len(columns) != COLUMNS:
        raise UnsoundRecord(f"has {len(columns)} columns, a line of MIND has {COLUMNS}")
    article_id, category, subcategory, title, abstract, url, in_title, in_abstract = columns
    return {
        "article_id": article_id,
        "title": title,
        "abstract": abstract,
        "category": category,
        "subcategory": subcategory,
        "url": url,
        "entities": [*_entities(in_title, "title"), *_entities(in_abstract, "abstract")],
    }


def _entities(text: str, field: str) -> list[dict[str, Any]]:
    """The entities of one column, each with the ``field`` that its offsets count in."""
    try:
        entities = orjson.loads(text or "[]")
    except orjson.JSONDecodeError as error:
        raise UnsoundRecord(f"the {field}'s entities are not JSON: {error.msg}") from error
    if not isinstance(entities, list) or not all(isinstance(e, dict) for e in entities):
        raise UnsoundRecord(f"the {field}'s entities are not a list of objects")
    return [{**entity, "field": field} for entity in entities]

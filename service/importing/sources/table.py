"""CSV with a header: columns named like an article's fields, or mapped to them."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from service.domain.article import IdentifiedArticle
from service.importing.article import AGE
from service.importing.errors import BadColumns, UnsoundRecord
from service.importing.records import Fields, Problem, Record
from service.importing.sources.lines import LONGEST, unreadable

FIELDS: Final = frozenset({*IdentifiedArticle.model_fields, "id", AGE})
IN_JSON: Final = ("entities", "attributes")
DELIMITERS: Final = ",;\t"


@dataclass(frozen=True)
class Table:
    """The articles of one file. ``columns`` maps a field of the article to a column's name.

    A column that is mapped is no longer taken under its own name, unless it is mapped to that too.
    Columns that are no field and not mapped go into ``attributes`` under their own names.
    """

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)

    def records(self) -> Iterator[Record]:
        """One record a row, placed at the line where the row starts. Raises BadColumns."""
        csv.field_size_limit(LONGEST)  # the module's own limit is shorter than a long body
        try:
            with (
                self.path.open("rb") as file,
                io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="") as text,
            ):
                size = self.path.stat().st_size or 1
                for line, content in self._rows(text):
                    yield Record(f"{self.path}:{line}", content, min(1.0, file.tell() / size))
        except OSError as error:
            raise unreadable(self.path, error) from error

    def _rows(self, text: io.TextIOWrapper) -> Iterator[tuple[int, Fields | Problem]]:
        first = text.readline(LONGEST)
        header = _header(first, self.path)
        layout = _Layout.of(header, self.columns, self.path)
        rest = iter(lambda: text.readline(LONGEST), "")
        rows = csv.reader(rest, delimiter=_delimiter(first), strict=True)
        for line, row in _numbered(rows):
            if isinstance(row, Problem):
                yield line, row
            elif row:
                yield line, layout.fields(row)


@dataclass(frozen=True)
class _Layout:
    """Which field or attribute each column holds."""

    header: Sequence[str]
    sources: Mapping[str, int]
    others: Mapping[str, int]

    @classmethod
    def of(cls, header: Sequence[str], columns: Mapping[str, str], path: Path) -> "_Layout":
        """Raises BadColumns, which names the columns that are there."""
        _check(header, columns, path)
        unmapped = FIELDS - set(columns.values())
        own = {name: index for index, name in enumerate(header) if name in unmapped}
        if "article_id" in own or "article_id" in columns:
            own.pop("id", None)
        sources = own | {name: header.index(column) for name, column in columns.items()}
        for needed in ({"title"}, {"article_id", "id"}):
            if not needed & sources.keys():
                lacking = " or ".join(sorted(needed))
                raise BadColumns(f"{_columns(header, path)}, but not {lacking}: map one to it")
        used = set(sources.values())
        others = {name: index for index, name in enumerate(header) if index not in used}
        return cls(header, sources, others)

    def fields(self, row: Sequence[str]) -> Fields | Problem:
        """The row's fields, or why it has none."""
        try:
            return self._fields(row)
        except UnsoundRecord as error:
            return Problem(str(error))

    def _fields(self, row: Sequence[str]) -> Fields:
        if len(row) != len(self.header):
            raise UnsoundRecord(f"has {len(row)} fields, the header has {len(self.header)}")
        if not _is_unicode("".join(row)):
            raise UnsoundRecord("is not UTF-8")
        fields: Fields = {name: row[index] for name, index in self.sources.items()}
        fields |= {name: _json(fields[name], name) for name in IN_JSON if fields.get(name)}
        others = {name: row[index] for name, index in self.others.items() if row[index]}
        if others and isinstance(attributes := fields.get("attributes") or {}, dict):
            fields["attributes"] = others | attributes
        return fields


def _check(header: Sequence[str], columns: Mapping[str, str], path: Path) -> None:
    if len(set(header)) < len(header):
        raise BadColumns(f"{_columns(header, path)}: a name stands there twice")
    for name, column in columns.items():
        if name not in FIELDS:
            fields = ", ".join(sorted(FIELDS))
            raise BadColumns(f"{name!r} is no field of an article; fields: {fields}")
        if column not in header:
            raise BadColumns(f"{_columns(header, path)}, but not {column!r}")


def _columns(header: Sequence[str], path: Path) -> str:
    return f"{path} has the columns {', '.join(header)}"


def _numbered(rows: Any) -> Iterator[tuple[int, list[str] | Problem]]:
    """Each row, or what is wrong with it, with the number of its first line in the file."""
    while True:
        line = rows.line_num + 2  # lines count from 1, and the header is the first
        try:
            yield line, next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Problem(f"is not CSV: {error}")


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _header(line: str, path: Path) -> list[str]:
    if not line.strip() or not _is_unicode(line):
        raise BadColumns(f"{path} has no header in UTF-8")
    return [name.strip() for name in next(csv.reader([line], delimiter=_delimiter(line)))]


def _is_unicode(text: str) -> bool:
    """False where a byte of the file was not UTF-8 (it was read as a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsoundRecord(f"{name} is not JSON: {error.msg}") from error

"""Files of rows under named columns, as text: CSV, TSV and JSON lines.

The cells of CSV and TSV may be quoted and hold line breaks then, so a row is not a line.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import polars as pl

from training.data.lines import read_lines
from training.data.problems import LINE, Problems, wrong
from training.errors import UnreadableData

LONGEST_CELL: Final = 2**31 - 1
"""In characters: as much as the csv module can be told on every platform."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """Rows of text cells (``frame``), and the line, from 1, that each of them begins on."""

    frame: pl.DataFrame
    lines: Sequence[int]
    place: str = LINE
    """How a row's place is named: ``problems.LINE``, or ``ROW`` in a file without lines."""

    @property
    def columns(self) -> list[str]:
        """The columns' names, in the file's order."""
        return self.frame.columns


def read_separated(path: Path, separator: str, problems: Problems, *, headed: bool = True) -> Sheet:
    """The rows of a CSV or TSV; without a header the columns are called 1, 2, ….

    A TSV's quotation marks are text where fewer rows are malformed for it: some writers quote
    as in CSV, some not at all. Raises UnreadableData for a file that cannot be read, holds no
    rows, or names a column twice, and, unless they are skipped, for malformed rows.
    """
    lines = read_lines(path)
    parsed = _parsed(lines, separator, quoted=True)
    if parsed.bad and separator == "\t":
        parsed = min(parsed, _parsed(lines, separator, quoted=False), key=lambda p: len(p.bad))
    rows, bad = parsed.rows, parsed.bad
    if bad and (not rows or bad[0][0] < rows[0][0]):
        raise wrong(path, bad[0][0], "a first row of columns", bad[0][1])
    if len(rows) + len(bad) <= headed:
        raise UnreadableData(f"{path} is empty; expected rows of cells{' under a header' * headed}")
    first = rows[0][1]
    columns = [name.strip() for name in first] if headed else _numbered(len(first))
    if len(set(columns)) < len(columns):
        raise wrong(path, rows[0][0], "each column once", ", ".join(columns))
    expected = f"{len(columns)} columns ({', '.join(columns)})"
    problems.meet(path, [line for line, _ in bad], expected, [found for _, found in bad])
    rows = rows[headed:]
    frame = pl.DataFrame(
        [cells for _, cells in rows], dict.fromkeys(columns, pl.String), orient="row"
    )
    return Sheet(frame, [line for line, _ in rows])


def read_json_lines(path: Path, problems: Problems) -> Sheet:
    """The objects of a JSON-lines file: texts and numbers, anything else as an empty cell.

    Raises UnreadableData for a file that cannot be read or holds no object, and, unless they
    are skipped, for lines that are none.
    """
    read = {
        line: _cells(text) for line, text in enumerate(read_lines(path), start=1) if text.strip()
    }
    if not read:
        raise UnreadableData(f"{path} is empty; expected a JSON object a line")
    bad = {line: cells for line, cells in read.items() if isinstance(cells, str)}
    problems.meet(path, list(bad), "a JSON object", list(bad.values()))
    rows = {line: cells for line, cells in read.items() if not isinstance(cells, str)}
    columns = dict.fromkeys(name for cells in rows.values() for name in cells)
    cells = {name: [row.get(name, "") for row in rows.values()] for name in columns}
    return Sheet(pl.DataFrame(cells, dict.fromkeys(columns, pl.String)), list(rows))


@dataclass(frozen=True)
class _Parsed:
    """Rows as wide as the first one, and the lines of others with what was found there."""

    rows: list[tuple[int, list[str]]]
    bad: list[tuple[int, str]]


def _parsed(lines: Sequence[str], separator: str, *, quoted: bool) -> _Parsed:
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        read = list(_rows(lines, separator, quoted=quoted))
    finally:
        csv.field_size_limit(limit)
    width = next((len(cells) for _, cells in read if not isinstance(cells, str)), 0)
    parsed = _Parsed([], [])
    for line, cells in read:
        if isinstance(cells, str):
            parsed.bad.append((line, cells))
        elif len(cells) == width:
            parsed.rows.append((line, cells))
        else:
            parsed.bad.append((line, str(len(cells))))
    return parsed


def _rows(
    lines: Sequence[str], separator: str, *, quoted: bool
) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with its first line; of one that is refused, every line and why."""
    ended = (line + "\n" for line in lines)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(ended, delimiter=separator, quoting=quoting, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            for line in range(begins, reader.line_num + 1):
                yield line, f"malformed cells ({error})"
        else:
            if cells:
                yield begins, cells


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _cells(text: str) -> dict[str, str] | str:
    """A line's object as text cells, or what was found instead."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"something else ({error})"
    if not isinstance(found, dict):
        return f"{type(found).__name__}"
    cells = {name: _cell(value) for name, value in found.items()}
    try:
        "".join([*cells, *cells.values()]).encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair"
    return cells


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""

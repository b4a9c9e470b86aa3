"""Reading any table of titles and bodies: CSV, TSV or JSON lines."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from training.data.news import COLUMNS, NewsTable
from training.data.problems import Problems
from training.data.sheets import Sheet, read_json_lines, read_separated
from training.data.titled import titled_once
from training.errors import UnreadableData

SYNONYMS: Final[Mapping[str, Sequence[str]]] = {
    "news_id": ("news_id", "nid", "article_id", "id"),
    "title": ("title", "headline"),
    "abstract": ("abstract", "description", "subtitle", "summary", "teaser", "lead"),
    "body": ("body", "text", "content", "article"),
    "category": ("category", "topic", "class", "label", "section"),
    "subcategory": ("subcategory", "subtopic", "subsection"),
    "language": ("language", "lang"),
}
"""What a file may call our columns; the first one that it has counts, in whatever case."""


def read_table(
    path: Path, columns: Mapping[str, str] | None = None, problems: Problems | None = None
) -> NewsTable:
    """All news of a ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson``, in the file's order.

    ``columns`` maps our names (``news.COLUMNS``) to the file's; without it, they are guessed by
    ``SYNONYMS``. Names that are numbers are places, from 1, in a CSV or TSV without a header.
    Without an id column a row's number, from 1, is its id. Raises UnreadableData for a file that
    cannot be read or that lacks the title or a column of ``columns``, and, unless ``problems``
    skips them, for malformed rows, rows without a title and repeated ids.
    """
    problems = problems or Problems()
    headed = not columns or not all(name.isdecimal() for name in columns.values())
    sheet = _reader(path)(path, problems, headed)
    chosen = _guessed(sheet) if columns is None else columns
    _check(path, sheet, chosen)
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).alias("news_id")
    named = [pl.col(theirs).alias(ours) for ours, theirs in chosen.items()]
    frame = sheet.frame.select(*named, *([] if "news_id" in chosen else [number]))
    frame = frame.with_columns(pl.Series("line", sheet.lines))
    return NewsTable.of(titled_once(path, frame, problems))


def _guessed(sheet: Sheet) -> Mapping[str, str]:
    of_folded = {name.lower().replace(" ", "_"): name for name in reversed(sheet.columns)}
    found = {
        ours: next((of_folded[name] for name in names if name in of_folded), None)
        for ours, names in SYNONYMS.items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _check(path: Path, sheet: Sheet, chosen: Mapping[str, str]) -> None:
    there = ", ".join(sheet.columns)
    for ours, theirs in chosen.items():
        if ours not in COLUMNS:
            raise UnreadableData(f"{path}: expected one of {', '.join(COLUMNS)}, found {ours}")
        if theirs not in sheet.columns:
            raise UnreadableData(f"{path}: expected a column {theirs} ({ours}), found {there}")
    if "title" not in chosen:
        raise UnreadableData(f"{path}: expected a column for the title, found {there}")


def _reader(path: Path) -> Callable[[Path, Problems, bool], Sheet]:
    try:
        return _READERS[path.suffix.lower()]
    except KeyError:
        expected = ", ".join(_READERS)
        raise UnreadableData(f"{path}: expected a file that ends in {expected}") from None


def _csv(path: Path, problems: Problems, headed: bool) -> Sheet:
    return read_separated(path, ",", problems, headed=headed)


def _tsv(path: Path, problems: Problems, headed: bool) -> Sheet:
    return read_separated(path, "\t", problems, headed=headed)


def _json_lines(path: Path, problems: Problems, headed: bool) -> Sheet:
    return read_json_lines(path, problems)


_READERS: Final[Mapping[str, Callable[[Path, Problems, bool], Sheet]]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}

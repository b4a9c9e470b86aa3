"""Whatever a path holds, as a log: of news or texts alone, one without impressions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from training.data import ebnerd, mind
from training.data.impressions import ImpressionLog
from training.data.lines import read_lines
from training.data.logs import read_log
from training.data.news import NewsTable
from training.data.polynews import read_texts
from training.data.problems import Problems
from training.data.tables import read_table

Reader = Callable[[Path, Problems], NewsTable]
LOGS: Final = (mind.BEHAVIOURS, ebnerd.BEHAVIOURS)


def read_any(path: Path, problems: Problems) -> ImpressionLog:
    """A folder in MIND's or EB-NeRD's format; a ``news.tsv``; a table of titles (CSV, TSV, JSON
    lines); or texts by language, as PolyNews keeps them. Raises UnreadableData.
    """
    if any((path / name).exists() for name in LOGS):
        return read_log(path, problems)
    read = _news if path.name == mind.NEWS else _READERS.get(path.suffix, _texts)
    return ImpressionLog.of(read(path, problems), [])


def _news(path: Path, problems: Problems) -> NewsTable:
    """MIND's news, or xMIND's, whose files bear the same name but have a head."""
    head = read_lines(path)[:1]
    translated = any(line.startswith("nid\t") for line in head)
    return (_table if translated else mind.read_news)(path, problems)


def _table(path: Path, problems: Problems) -> NewsTable:
    return read_table(path, problems=problems)


def _texts(path: Path, problems: Problems) -> NewsTable:
    frame = read_texts(path, problems).frame
    named = frame.rename({"text": "title"}).with_columns(
        pl.int_range(pl.len()).cast(pl.String).alias("news_id")
    )
    return NewsTable.of(named)


_READERS: Final[Mapping[str, Reader]] = dict.fromkeys((".csv", ".tsv", ".jsonl", ".ndjson"), _table)

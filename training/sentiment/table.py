"""The sentiments of news as a file: a CSV with ``news_id`` and ``sentiment``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from training.data.impressions import ImpressionLog
from training.data.news import NewsId
from training.data.problems import Problems
from training.data.sheets import read_separated
from training.errors import NotWritable, UnreadableData
from training.sentiment.labeller import SENTIMENTS

COLUMNS: Final = ("news_id", "sentiment")


def write_sentiments(path: Path, sentiments: Mapping[NewsId, str]) -> None:
    """Write them, a row each. Raises NotWritable."""
    frame = pl.DataFrame(list(sentiments.items()), dict.fromkeys(COLUMNS, pl.String), orient="row")
    try:
        path.write_text(frame.write_csv(), encoding="utf-8")
    except OSError as error:
        raise NotWritable(f"{path} cannot be written: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """Before the work, not after it. Raises NotWritable."""
    if not path.parent.is_dir():
        raise NotWritable(f"{path} cannot be written: there is no folder {path.parent}")


def read_sentiments(path: Path, problems: Problems | None = None) -> dict[NewsId, str]:
    """Those of a file; of an id that stands there twice the first.

    Raises UnreadableData for a file that cannot be read or lacks a column, and, unless
    ``problems`` skips them, for malformed rows, other sentiments and repeated ids.
    """
    problems = problems or Problems()
    sheet = read_separated(path, ",", problems)
    for name in COLUMNS:
        if name not in sheet.columns:
            there = ", ".join(sheet.columns)
            raise UnreadableData(f"{path}: expected a column {name}, found {there}")
    frame = sheet.frame.with_columns(pl.Series("line", sheet.lines))
    expected = f"one of {', '.join(SENTIMENTS)}"
    frame = _kept(path, frame, pl.col("sentiment").is_in(SENTIMENTS), expected, problems)
    first = pl.col("news_id").is_first_distinct()
    frame = _kept(path, frame, first, "each news id once", problems)
    return {NewsId(news_id): said for news_id, said in frame.select(COLUMNS).iter_rows()}


def with_sentiments(
    logs: Sequence[ImpressionLog], path: Path, problems: Problems | None = None
) -> list[ImpressionLog]:
    """Logs over one news table, with a file's sentiments in the place of their own.

    Raises UnreadableData as ``read_sentiments`` does, and for a file that is about other news.
    """
    news, sentiments = logs[0].news, read_sentiments(path, problems)
    if not any(news_id in news for news_id in sentiments):
        raise UnreadableData(f"{path} names none of the log's news")
    labelled = news.with_sentiment(sentiments)
    return [replace(log, news=labelled) for log in logs]


def _kept(
    path: Path, frame: pl.DataFrame, right: pl.Expr, expected: str, problems: Problems
) -> pl.DataFrame:
    bad = frame.filter(~right)
    found = [f"{said!r} of {news_id!r}" for news_id, said in bad.select(COLUMNS).iter_rows()]
    problems.meet(path, bad["line"].to_list(), expected, found)
    return frame.filter(right)

"""Reading MIND's format: ``news.tsv`` and ``behaviors.tsv``, tab-separated, without quoting.

Wu et al., *MIND: A Large-scale Dataset for News Recommendation*, ACL 2020. Titles hold quotation
marks and the other characters that a CSV reader would interpret, so a line is split at its tabs.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from training.data.impressions import ImpressionLog
from training.data.lines import read_cells
from training.data.news import NewsTable
from training.data.problems import Problems
from training.data.ragged import Ragged
from training.data.titled import titled_once

NEWS: Final = "news.tsv"
BEHAVIOURS: Final = "behaviors.tsv"

NEWS_COLUMNS: Final = (
    "news id",
    "category",
    "subcategory",
    "title",
    "abstract",
    "url",
    "title entities",
    "abstract entities",
)
BEHAVIOUR_COLUMNS: Final = ("impression id", "user id", "time", "history", "candidates")
TIME_FORMAT: Final = "%m/%d/%Y %I:%M:%S %p"
CANDIDATE: Final = r"^(\S+)-([01])$"
ENTITY_TYPE: Final = r'"Type":\s*"\w+"'
"""In the JSON of an entities' cell, such as ``P`` for a person."""
_TYPE: Final = pl.element().str.extract(r'"(\w+)"$').unique().sort()


def read_news(path: Path, problems: Problems | None = None) -> NewsTable:
    """All news of a ``news.tsv``, in the file's order.

    Raises UnreadableData for a file that cannot be read or is empty, and, unless ``problems``
    skips them, for malformed lines.
    """
    problems = problems or Problems()
    frame = read_cells(path, NEWS_COLUMNS, problems).rename({"news id": "news_id"})
    types = pl.col("title entities").str.extract_all(ENTITY_TYPE).list.eval(_TYPE)
    frame = frame.with_columns(types.list.join(" ").alias("entities"))
    return NewsTable.of(titled_once(path, frame, problems))


def read_all_news(paths: Iterable[Path], problems: Problems | None = None) -> NewsTable:
    """The news of several ``news.tsv``; of an id that stands in several, the first file's."""
    merged = NewsTable.empty()
    for path in paths:
        merged = merged.joined(read_news(path, problems))
    return merged


def read_impressions(
    path: Path, news: NewsTable, problems: Problems | None = None
) -> ImpressionLog:
    """The impressions of a ``behaviors.tsv``, in the file's order.

    Raises UnreadableData for a file that cannot be read or is empty, and, unless ``problems``
    skips them, for malformed lines: a bad time, no candidate, a candidate without a label, or a
    news id that ``news`` does not hold.
    """
    problems = problems or Problems()
    frame = read_cells(path, BEHAVIOUR_COLUMNS, problems)
    frame = _with_times(path, frame, problems)
    frame, candidates = _candidates(path, frame, news, problems)
    frame, history = _history(path, frame, news, problems)
    candidates = candidates.filter(pl.col("line").is_in(frame["line"].implode()))
    place = pl.DataFrame({"line": frame["line"], "place": np.arange(frame.height)})
    return ImpressionLog(
        news=news,
        ids=frame["impression id"].to_list(),
        users=frame["user id"].to_list(),
        times=frame["at"].to_numpy().astype("datetime64[s]"),
        history=_ragged(history, place),
        candidates=_ragged(candidates, place),
        labels=candidates["label"].to_numpy(),
    )


def _with_times(path: Path, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    frame = frame.with_columns(
        pl.col("time").str.to_datetime(TIME_FORMAT, strict=False, time_unit="ms").alias("at")
    )
    bad = frame.filter(pl.col("at").is_null())
    expected = "a time such as 11/13/2019 8:36:57 AM"
    problems.meet(path, bad["line"].to_list(), expected, [repr(time) for time in bad["time"]])
    return frame.filter(pl.col("at").is_not_null())


def _candidates(
    path: Path, frame: pl.DataFrame, news: NewsTable, problems: Problems
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines whose candidates can be read, and these: ``line``, ``row``, ``label``."""
    words = _words(frame, "candidates")
    none = frame.filter(~pl.col("line").is_in(words["line"].implode()))["line"].to_list()
    problems.meet(path, none, "at least one candidate", ["none"] * len(none))
    words = words.with_columns(
        pl.col("word").str.extract(CANDIDATE, 1).alias("news_id"),
        pl.col("word").str.extract(CANDIDATE, 2).cast(pl.Int8).alias("label"),
    )
    bad = words.filter(pl.col("label").is_null()).unique("line", keep="first", maintain_order=True)
    expected = "candidates such as N123-1 or N123-0"
    problems.meet(path, bad["line"].to_list(), expected, [repr(word) for word in bad["word"]])
    words = _among(words, bad)
    known, unknown = _known(path, words, news, "candidates", problems)
    left_out = [*none, *bad["line"], *unknown]
    return frame.filter(~pl.col("line").is_in(left_out)), known


def _history(
    path: Path, frame: pl.DataFrame, news: NewsTable, problems: Problems
) -> tuple[pl.DataFrame, pl.DataFrame]:
    words = _words(frame, "history").rename({"word": "news_id"})
    known, unknown = _known(path, words, news, "history", problems)
    return frame.filter(~pl.col("line").is_in(unknown)), known


def _words(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Each blank-separated word of a cell with its ``line``, in order."""
    words = pl.col(column).str.extract_all(r"\S+").alias("word")
    return frame.select("line", words).explode("word").drop_nulls()


def _known(
    path: Path, words: pl.DataFrame, news: NewsTable, kind: str, problems: Problems
) -> tuple[pl.DataFrame, list[int]]:
    """The words of lines all of whose news are known, with their ``row``; the other lines."""
    rows = news.frame.select("news_id").with_row_index("row").cast({"row": pl.Int64})
    joined = words.join(rows, on="news_id", how="left", maintain_order="left")
    bad = joined.filter(pl.col("row").is_null()).unique("line", keep="first", maintain_order=True)
    found = [f"unknown {news_id}" for news_id in bad["news_id"]]
    problems.meet(path, bad["line"].to_list(), f"{kind} that the news files hold", found)
    return _among(joined, bad), bad["line"].to_list()


def _among(words: pl.DataFrame, bad: pl.DataFrame) -> pl.DataFrame:
    """The words that do not stand in a bad line."""
    return words.filter(~pl.col("line").is_in(bad["line"].implode())) if bad.height else words


def _ragged(words: pl.DataFrame, place: pl.DataFrame) -> Ragged:
    placed = words.join(place, on="line", how="inner", maintain_order="left")
    return Ragged.of_groups(placed["row"].to_numpy(), placed["place"].to_numpy(), place.height)

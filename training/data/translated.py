"""One log told in several languages: what was shown, and what had been read, in translation.

All tellings are logs over one news table, in which a translation is an item of its own, behind the
news that it translates. So an item is encoded once in each language, whichever log names it.

Shapes: N news of the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.data.problems import Problems
from training.data.ragged import Int64, Ragged
from training.data.xmind import translated


@dataclass(frozen=True, eq=False)
class Tellings:
    """News with their translations."""

    news: NewsTable
    """The news with their own numbers; behind them, as ``N1@cmn``, those translations there are."""
    rows: Mapping[str, Int64]
    """By language: the row (N) of each item's translation, or its own where there is none."""

    def has(self, language: str) -> NDArray[np.bool_]:
        """Which items have a translation (N)."""
        moved_N: NDArray[np.bool_] = self.rows[language] != np.arange(len(self.news))
        return moved_N


def told(
    news: NewsTable, files: Mapping[str, Sequence[Path]], problems: Problems | None = None
) -> Tellings:
    """The news with the translations of xMIND's files, by language. Raises UnreadableData.

    Of an item that stands in several files of a language the last one counts.
    """
    frames, count, places = [news.frame], len(news), {}
    for language, paths in files.items():
        in_language = news
        for path in paths:
            in_language = translated(in_language, path, language, problems)
        frame = in_language.frame
        has = frame["language"] == language
        name = (pl.col("news_id") + f"@{language}").alias("news_id")
        frames.append(frame.filter(has).with_columns(name))
        places[language] = has.arg_true().to_numpy(), count
        count += len(frames[-1])
    rows = {}
    for language, (originals, first) in places.items():
        rows[language] = np.arange(count)
        rows[language][originals] = first + np.arange(len(originals))
    return Tellings(NewsTable(pl.concat(frames)), rows)


def over(log: ImpressionLog, news: NewsTable) -> ImpressionLog:
    """The log over a table that begins with its own news."""
    return replace(log, news=news)


def comparable(log: ImpressionLog, tellings: Tellings) -> ImpressionLog:
    """The log as it can be shown in every language.

    Candidates without a translation are left out of their impressions, and impressions that then
    lack a clicked candidate, or one that was not, are left out of the log. Histories stay whole.
    """
    has_N = np.logical_and.reduce([tellings.has(language) for language in tellings.rows])
    kept_S = has_N[log.candidates.values]
    impression_S = np.repeat(np.arange(len(log)), log.candidates.lengths)
    fewer = replace(
        log,
        candidates=Ragged.of_groups(log.candidates.values[kept_S], impression_S[kept_S], len(log)),
        labels=log.labels[kept_S],
    )
    clicked_I = fewer.clicks.lengths
    return fewer.take(np.flatnonzero((clicked_I > 0) & (clicked_I < fewer.candidates.lengths)))


def in_translation(log: ImpressionLog, rows_N: Int64) -> ImpressionLog:
    """The candidates in translation, the histories as they were read."""
    candidates = Ragged(rows_N[log.candidates.values], log.candidates.starts)
    return replace(log, candidates=candidates)


def read_in_translation(log: ImpressionLog, rows_N: Int64, every: int = 1) -> ImpressionLog:
    """Every so-many-th click of a history in translation, counted from the newest, which is one.

    Places and number of clicks stay as they are; a click without a translation stays as it was
    read.
    """
    history = log.history
    ends_E = np.repeat(history.starts[1:], history.lengths)
    from_newest_E = ends_E - 1 - np.arange(len(history.values))
    told_E = np.where(from_newest_E % every == 0, rows_N[history.values], history.values)
    return replace(log, history=Ragged(told_E, history.starts))


def joined(logs: Sequence[ImpressionLog]) -> ImpressionLog:
    """At least one log over one news table, one after the other."""
    first = logs[0]
    return ImpressionLog(
        news=first.news,
        ids=[name for log in logs for name in log.ids],
        users=[user for log in logs for user in log.users],
        times=np.concatenate([log.times for log in logs]),
        history=_lists([log.history for log in logs]),
        candidates=_lists([log.candidates for log in logs]),
        labels=np.concatenate([log.labels for log in logs]),
    )


def _lists(parts: Sequence[Ragged]) -> Ragged:
    lengths = np.concatenate([part.lengths for part in parts])
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate([part.values for part in parts]), starts)

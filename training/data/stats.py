"""An impression log in figures, as the papers' tables of data sets state them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog

FEW_CLICKS: Final = 4
"""A reader with at most as many clicks before is almost cold."""


@dataclass(frozen=True)
class DataStats:
    """Counts, means and shares (0 to 1); of nothing, a mean or a share is 0 and a time None.

    A reader's history is the longest one that any of the reader's impressions has.
    """

    news: int
    news_with_abstract: int
    categories: int
    subcategories: int
    languages: Mapping[str, int]
    """News by language, the most frequent first; an unknown language is empty."""
    title_words: float
    """Mean, split at blanks: little is said so of a language that writes without them."""
    title_characters: float
    users: int
    cold_users: float
    """The share of readers whose history is empty."""
    almost_cold_users: float
    """The share of readers with at most ``FEW_CLICKS`` clicks in their history."""
    history_mean: float
    history_median: float
    history_max: int
    impressions: int
    clicks: int
    clicks_per_impression: float
    candidates_per_impression: float
    days: Mapping[str, int]
    """Impressions by ISO date, in the log's own time zone, the earliest first."""
    first: datetime | None
    last: datetime | None

    def as_json(self) -> dict[str, object]:
        """Plain values, the times in ISO form."""
        times = {"first": self.first, "last": self.last}
        return asdict(self) | {name: time and time.isoformat() for name, time in times.items()}


def stats_of(log: ImpressionLog) -> DataStats:
    """The figures of a log, and of its whole news table."""
    frame = log.news.frame
    title = frame["title"].filter(frame["title"] != "")
    clicked = pl.DataFrame({"user": log.users, "clicks": log.history.lengths})
    history = clicked.group_by("user").max()["clicks"].to_numpy()
    times = np.sort(log.times)
    return DataStats(
        news=len(log.news),
        news_with_abstract=int((frame["abstract"] != "").sum()),
        categories=_distinct(frame["category"]),
        subcategories=_distinct(frame["subcategory"]),
        languages=_counts(frame["language"]),
        title_words=_mean(title.str.count_matches(r"\S+").to_numpy()),
        title_characters=_mean(title.str.len_chars().to_numpy()),
        users=len(history),
        cold_users=_mean(history == 0),
        almost_cold_users=_mean(history <= FEW_CLICKS),
        history_mean=_mean(history),
        history_median=float(np.median(history)) if len(history) else 0.0,
        history_max=int(history.max(initial=0)),
        impressions=len(log),
        clicks=int(log.labels.sum()),
        clicks_per_impression=_mean(log.clicks.lengths),
        candidates_per_impression=_mean(log.candidates.lengths),
        days=_days(times),
        first=times[0].astype(datetime) if len(times) else None,
        last=times[-1].astype(datetime) if len(times) else None,
    )


def _mean(values: NDArray[np.generic]) -> float:
    return float(np.mean(values.astype(np.float64))) if len(values) else 0.0


def _distinct(values: pl.Series) -> int:
    return values.filter(values != "").n_unique()


def _counts(values: pl.Series) -> Mapping[str, int]:
    counts = values.value_counts().sort(["count", values.name], descending=[True, False])
    return dict(counts.iter_rows())


def _days(times: NDArray[np.datetime64]) -> Mapping[str, int]:
    days, counts = np.unique(times.astype("datetime64[D]"), return_counts=True)
    return dict(zip(days.astype(str).tolist(), counts.tolist(), strict=True))

"""Impression logs of a few lines, and any that hypothesis can think of."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId, NewsTable

START = datetime(2019, 11, 13)


def seen(
    shown: Mapping[str, int] | Sequence[tuple[str, int]],
    *,
    history: Sequence[str] = ("h",),
    user: str = "u",
    hours: float = 0,
) -> Impression:
    """Candidates with their labels, shown so many hours after the start."""
    pairs = list(shown.items() if isinstance(shown, Mapping) else shown)
    return Impression(
        impression_id=f"{user} after {hours}",
        user_id=user,
        time=START + timedelta(hours=hours),
        history=tuple(map(NewsId, history)),
        candidates=tuple(NewsId(news_id) for news_id, _ in pairs),
        labels=tuple(label for _, label in pairs),
    )


def labelled(labels: Sequence[int], *, history: Sequence[str] = ("h",)) -> Impression:
    """As many candidates as labels: c0, c1 and so on."""
    return seen([(f"c{place}", label) for place, label in enumerate(labels)], history=history)


def news_of(*impressions: Impression, **columns: Mapping[str, str]) -> NewsTable:
    """All that the impressions name, in alphabetical order, with columns by news id."""
    ids = sorted({news_id for i in impressions for news_id in (*i.history, *i.candidates)})
    filled = {name: [cells.get(n, "") for n in ids] for name, cells in columns.items()}
    return NewsTable.of(pl.DataFrame({"news_id": pl.Series(ids, dtype=pl.String), **filled}))


def log_of(*impressions: Impression, **columns: Mapping[str, str]) -> ImpressionLog:
    """A log over just the news that it names."""
    return ImpressionLog.of(news_of(*impressions, **columns), impressions)


impressions = st.builds(
    seen,
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 1)), min_size=1, max_size=12),
    history=st.lists(st.sampled_from("abcdef"), max_size=4),
    user=st.sampled_from(["u1", "u2", "u3"]),
    hours=st.integers(0, 60),
)
"""Any impression of six items, with repeats."""

"""The log's days, moved so that the evaluated one begins now: what the service is told of them.

The service counts what is read most by the clock on the wall, and forgets it after a week. So the
days before go in as though they had just ended. Of the evaluated day it learns which articles there
are, and nothing of what was clicked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from newsstand_client import Article, Event
from training.data.impressions import ImpressionLog
from training.data.ragged import Int64

LONG_AGO: Final = timedelta(days=8)
"""Histories are older than the log's week: their readers' taste, but not what is read now."""
NEW: Final = timedelta(hours=1)
"""Articles that appear on the evaluated day have come in within the hour before it."""


@dataclass(frozen=True)
class Calendar:
    """``begins`` in the log's time is ``now`` in the service's."""

    begins: np.datetime64
    now: datetime

    @classmethod
    def of(cls, day: ImpressionLog) -> "Calendar":
        """The midnight before the first impression becomes the last full hour, so that the hours in
        which the service counts are the log's.
        """
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return cls(day.times.min().astype("datetime64[D]"), now)

    def moved(self, moment: np.datetime64) -> datetime:
        """A moment of the log, by the service's clock."""
        seconds = (moment - self.begins) / np.timedelta64(1, "s")
        return self.now + timedelta(seconds=float(seconds))

    @property
    def long_ago(self) -> datetime:
        """When the newest click of every history was."""
        return self.now - LONG_AGO


def crowd(before: ImpressionLog, calendar: Calendar) -> Iterator[Event]:
    """Every click of the days before, each impression's by a reader whom nobody knows otherwise."""
    for impression in before:
        moment = calendar.moved(np.datetime64(impression.time, "s"))
        for article_id, label in zip(impression.candidates, impression.labels, strict=True):
            if label:
                reader = f"crowd.{impression.impression_id}"
                yield Event(user_id=reader, article_id=article_id, type="click", timestamp=moment)


def articles(day: ImpressionLog, before: ImpressionLog, calendar: Calendar) -> Iterator[Article]:
    """All that the day's impressions name and the days before clicked.

    The log does not say when articles were published: it was when the days before first showed
    them; long ago for one that only histories name; in the hour before, in an order drawn by
    chance, for one that the day itself is the first to show.
    """
    rows = np.union1d(day.seen(), before.clicks.values)
    fields, published = day.news.fields(rows), _published(rows, day, before, calendar)
    for row, said, moment in zip(rows.tolist(), fields, published, strict=True):
        news_id = day.news.ids[row]
        yield Article(
            article_id=news_id,
            title=said["title"] or "",
            category=said["category"] or None,
            subcategory=said["subcategory"] or None,
            language="en",
            # Each is a source of its own, so that a list can be asked for of some articles alone.
            source=news_id,
            published_at=moment,
        )


def _published(
    rows: Int64, day: ImpressionLog, before: ImpressionLog, calendar: Calendar
) -> Iterator[datetime]:
    first = _first_shown(before)
    new = set(day.candidates.values.tolist()) - first.keys()
    parts = np.random.default_rng(0).random(len(rows))
    for row, part in zip(rows.tolist(), parts.tolist(), strict=True):
        if row in first:
            yield calendar.moved(first[row])
        else:
            yield calendar.now - NEW * part if row in new else calendar.long_ago


def _first_shown(log: ImpressionLog) -> dict[int, np.datetime64]:
    """When each row was first a candidate."""
    rows = log.candidates.values
    times = np.repeat(log.times, log.candidates.lengths)
    order = np.argsort(times, kind="stable")
    distinct, places = np.unique(rows[order], return_index=True)
    return dict(zip(distinct.tolist(), times[order][places], strict=True))

"""Readers who have clicked often, each known by the newest few of their clicks.

All numbers of clicks are measured on the same impressions, so that nothing but the clicks differs.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from newsstand_client import Event
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId
from training.data.texts import evenly

APART: Final = timedelta(minutes=1)


def with_clicks(
    log: ImpressionLog, least: int, most_impressions: int | None = None
) -> ImpressionLog:
    """The impressions that can be measured and whose readers had clicked ``least`` times or more;
    where there are more than ``most_impressions``, so many of them, evenly spaced.
    """
    clicked_I = log.clicks.lengths
    measurable_I = (clicked_I > 0) & (clicked_I < log.candidates.lengths)
    positions = np.flatnonzero(measurable_I & (log.history.lengths >= least)).tolist()
    if most_impressions is not None:
        positions = evenly(positions, most_impressions)
    return log.take(np.array(positions, np.int64))


def newest(impression: Impression, clicks: int) -> tuple[NewsId, ...]:
    """The reader's last so many clicks, the oldest first."""
    return impression.history[len(impression.history) - clicks :]


def reader_id(impression: Impression, clicks: int) -> str:
    """An impression's reader who is known by so many clicks: a reader of their own each time."""
    return f"{impression.impression_id}.{clicks}"


def events_of(log: ImpressionLog, clicks: int, last: datetime) -> Iterator[Event]:
    """The newest ``clicks`` of every impression's reader, a minute apart, the last at ``last``."""
    for impression in log:
        reader, history = reader_id(impression, clicks), newest(impression, clicks)
        for before, article_id in zip(range(clicks - 1, -1, -1), history, strict=True):
            moment = last - before * APART
            yield Event(user_id=reader, article_id=article_id, type="click", timestamp=moment)

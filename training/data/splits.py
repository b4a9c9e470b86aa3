"""Splitting a log by time, and seeing that nothing of what is evaluated was trained on."""

from datetime import date

import numpy as np

from training.data.impressions import ImpressionLog
from training.errors import BadRecipe, Leak


def on_days(log: ImpressionLog, first: date, last: date) -> ImpressionLog:
    """The impressions from the first day to the last, both whole. Raises BadRecipe for none."""
    days = log.times.astype("datetime64[D]")
    chosen = np.flatnonzero((days >= np.datetime64(first)) & (days <= np.datetime64(last)))
    if not len(chosen):
        raise BadRecipe(f"the log has no impression from {first} to {last}; it has {_days(log)}")
    return log.take(chosen)


def split_last_day(log: ImpressionLog) -> tuple[ImpressionLog, ImpressionLog]:
    """All days but the last, and the last. Raises BadRecipe for a log of a single day."""
    days = log.times.astype("datetime64[D]")
    last = days == days.max() if len(days) else np.ones(0, np.bool_)
    if last.all():
        raise BadRecipe(f"a log of one day cannot be split by time; it has {_days(log)}")
    return log.take(np.flatnonzero(~last)), log.take(np.flatnonzero(last))


def check_no_leak(training: ImpressionLog, evaluated: ImpressionLog) -> None:
    """Raises Leak unless every training impression is earlier than every evaluated one.

    A split by reader or by chance would let the training see the very hours, and the very
    headlines, that it is judged on.
    """
    if not len(training) or not len(evaluated):
        return
    latest, first = training.times.max(), evaluated.times.min()
    if latest >= first:
        raise Leak(
            f"training reaches to {_shown(latest)}, and what is evaluated begins at "
            f"{_shown(first)}: split by time"
        )


def _days(log: ImpressionLog) -> str:
    days = np.unique(log.times.astype("datetime64[D]"))
    return f"{days[0]} to {days[-1]}" if len(days) else "none"


def _shown(moment: np.datetime64) -> str:
    return str(moment).replace("T", " ")

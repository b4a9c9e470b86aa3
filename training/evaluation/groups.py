"""Impressions by who read, when, and what: is the model as good for everyone?

A grouping gives each group's impressions as positions in the log. A group is named as people read
it, and stands in a telling order: readers from the coldest, days in time, the rest by size.

Shapes: I impressions, U readers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from model_store.estimates import Estimate
from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.evaluation.report import Report

Groups = Mapping[str, Int64]
"""Each group's impressions, in ascending order."""
GroupTable = Mapping[str, Mapping[str, Estimate]]
"""By group, then by metric."""

NOT_STATED: Final = "not stated"
ENDS: Final = {1: "coldest, ", 5: "warmest, "}


def quintiles(log: ImpressionLog) -> Groups:
    """Impressions of five equal groups of readers, by how many clicks their history holds.

    The coldest come first; where histories are equally long, the user id decides. A reader with
    several impressions is in one group, by the longest of the histories. Where fewer than five
    readers leave a group without any, it is not there.
    """
    users, reader_I = np.unique(np.asarray(log.users, str), return_inverse=True)
    clicks_U = np.zeros(len(users), np.int64)
    np.maximum.at(clicks_U, reader_I, log.history.lengths)
    coldest_first_U = np.argsort(clicks_U, kind="stable")
    parts = enumerate(np.array_split(coldest_first_U, 5), start=1)
    return {
        f"{number} ({ENDS.get(number, '')}mean {clicks_U[part].mean():.1f} clicks)": (
            np.flatnonzero(np.isin(reader_I, part))
        )
        for number, part in parts
        if len(part)
    }


def by_day(log: ImpressionLog) -> Groups:
    """Impressions by their day, in the log's own time zone: '2019-11-15' and so on."""
    days = np.datetime_as_string(log.times, unit="D").tolist()
    return dict(sorted(_grouped(range(len(log)), days).items()))


def by_language(log: ImpressionLog) -> Groups:
    """Impressions by the language of the first clicked candidate, as the news table states it."""
    return _by_first_click(log, "language")


def by_category(log: ImpressionLog) -> Groups:
    """Impressions by the category of the first clicked candidate."""
    return _by_first_click(log, "category")


GROUPINGS: Final[Mapping[str, Callable[[ImpressionLog], Groups]]] = {
    "history": quintiles,
    "day": by_day,
    "language": by_language,
    "category": by_category,
}


def group_table(report: Report, groups: Groups) -> GroupTable:
    """Each metric's mean in each group, over the group's impressions that were evaluated.

    A group without any is left out.
    """
    members = {name: np.isin(report.positions_I, positions) for name, positions in groups.items()}
    return {
        name: {metric: Estimate.of(all_I[member_I]) for metric, all_I in report.values.items()}
        for name, member_I in members.items()
        if member_I.any()
    }


def _by_first_click(log: ImpressionLog, column: str) -> Groups:
    """The largest first; impressions without a click are in no group."""
    clicks = log.clicks
    clicked = np.flatnonzero(clicks.lengths)
    of_news = log.news.column(column)
    names = [of_news[row] or NOT_STATED for row in clicks.values[clicks.starts[clicked]].tolist()]
    groups = _grouped(clicked.tolist(), names)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def _grouped(positions: Iterable[int], names: Sequence[str]) -> dict[str, Int64]:
    members: dict[str, list[int]] = {}
    for position, name in zip(positions, names, strict=True):
        members.setdefault(name, []).append(position)
    return {name: np.array(those, np.int64) for name, those in members.items()}

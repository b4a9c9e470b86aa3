"""What every row is measured on: a test of later days, and the day that chose its best epoch.

Shapes: I evaluated impressions, of a group or of two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.data.ragged import Int64
from training.data.texts import evenly
from training.evaluation.groups import Groups, by_day, quintiles
from training.run import Logs
from training.studies.clicks import METRICS, Days, Scorer, cells, columns, sampled
from training.studies.lm_grid.settings import LmGridSettings
from training.studies.study import Column, Float64, Measured, Sample

OF_GROUPS: Final = ("auc", "ndcg@10")
"""The metrics that groups are compared by."""
FIFTHS: Final = 5
COLD: Final = "cold"
"""The coldest fifth minus the warmest."""
DAY: Final = "day"
EVERYONE: Final = "All readers, on the test's days"


@dataclass(frozen=True, eq=False)
class Exam:
    """The logs, over one news table."""

    training: ImpressionLog
    choosing: ImpressionLog
    """Of the last of the training's days, which the best epoch is chosen by."""
    test: ImpressionLog
    fifths: Groups
    """Of the test's readers, by all their clicks, also those that no row reads."""

    @classmethod
    def of(cls, days: Days, settings: LmGridSettings) -> "Exam":
        """As much of the days as the settings say."""
        learning, measuring = settings.learning, settings.measuring
        test, most = sampled(days.test, measuring.impressions), measuring.history_length
        return cls(
            _read(sampled(days.training, learning.impressions), most),
            _read(sampled(days.validation, learning.choosing), most),
            _read(test, most),
            quintiles(test),
        )

    @property
    def logs(self) -> Logs:
        """What is learned from, and what is chosen by."""
        return Logs(self.training, self.choosing, ("the training days", "the last of them"))

    def over(self, news: NewsTable) -> "Exam":
        """The same over the same news told otherwise."""
        training, choosing, test = (
            replace(log, news=news) for log in (self.training, self.choosing, self.test)
        )
        return Exam(training, choosing, test, self.fifths)

    def seen(self) -> Int64:
        """All rows of the news that are scored."""
        return np.union1d(self.choosing.seen(), self.test.seen())

    def encoded(self, most: int) -> Int64:
        """Some of the test's news, to see how fast they are encoded."""
        return np.array(evenly(self.test.seen().tolist(), most), np.int64)

    @property
    def days(self) -> list[str]:
        """Those that nothing was learned from, in time."""
        return list(dict.fromkeys([*by_day(self.choosing), *by_day(self.test)]))

    def cells(self, score: Scorer) -> dict[str, Sample]:
        """One for each column, of a recommender; of a group without impressions there is none.
        ``with_leads`` works out the coldest minus the warmest.
        """
        wanted = {column.name for column in self.columns()}
        return {name: sample for name, sample in self._cells(score) if name in wanted}

    def columns(self) -> Iterator[Column]:
        """All that there are cells for."""
        yield from columns(EVERYONE)
        for metric in OF_GROUPS:
            section = f"Cold start: {METRICS[metric]} by fifths of readers, the coldest first"
            for number, fifth in enumerate(self.fifths, start=1):
                yield Column(f"fifth/{number}/{metric}", f"fifth {fifth}", section)
            if len(self.fifths) == FIFTHS:
                yield Column(f"{COLD}/{metric}", "coldest minus warmest", section)
        for metric in OF_GROUPS:
            section = f"{METRICS[metric]} by day; the first day chose the epochs, which flatters it"
            for day in self.days:
                yield Column(f"{DAY}/{day}/{metric}", day, section)

    def _cells(self, score: Scorer) -> Iterator[tuple[str, Sample]]:
        yield from _by_date(self.choosing, score(self.choosing))
        scores_S = score(self.test)
        yield from cells(self.test, scores_S, {"fifth": self.fifths}).items()
        yield from _by_date(self.test, scores_S)


def with_leads(measured: Measured) -> Measured:
    """A row with the coldest fifth minus the warmest, where it has both."""
    samples = dict(measured.samples)
    for metric in OF_GROUPS:
        cold, warm = (samples.get(f"fifth/{fifth}/{metric}") for fifth in (1, FIFTHS))
        if cold is not None and warm is not None:
            samples[f"{COLD}/{metric}"] = lead(cold, warm)
    return replace(measured, samples=samples)


def lead(first: Sample, second: Sample) -> Sample:
    """A value of each of both groups, whose mean is the first one's mean minus the second's.

    Each value is as far from that as it moves it, so that the standard error is that of a
    difference of two means, and two rows are compared in pairs: is the one's lead on the other
    larger in the first group?
    """
    count = len(first.values_I) + len(second.values_I)
    means = first.estimate.mean, second.estimate.mean
    moves = [
        sign * (sample.values_I - mean) * count / len(sample.values_I)
        for sign, sample, mean in zip((1, -1), (first, second), means, strict=True)
    ]
    values_I = means[0] - means[1] + np.concatenate(moves)
    return Sample(values_I, np.concatenate([first.unit_I, second.unit_I]))


def _read(log: ImpressionLog, history_length: int) -> ImpressionLog:
    """The log with the clicks that rows read, so that no others are encoded."""
    return replace(log, history=log.history.last(history_length))


def _by_date(log: ImpressionLog, scores_S: Float64) -> Iterator[tuple[str, Sample]]:
    """The cells of each day, under its date."""
    groups = by_day(log)
    names = {f"{DAY}/{number}/": f"{DAY}/{day}/" for number, day in enumerate(groups, start=1)}
    for column, sample in cells(log, scores_S, {DAY: groups}).items():
        for numbered, dated in names.items():
            if column.startswith(numbered):
                yield dated + column.removeprefix(numbered), sample

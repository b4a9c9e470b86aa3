"""What the rows share: settings, where the data lie, and the log with sentiments."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from training.data.impressions import ImpressionLog
from training.run import Logs
from training.sentiment.label import label
from training.sentiment.table import with_sentiments
from training.studies.clicks import Days, sampled
from training.studies.mtrec.settings import MtrecSettings


@dataclass(frozen=True)
class Setup:
    """One study, set up."""

    settings: MtrecSettings
    encoder: Path
    training: Path
    test: Path
    sentiment: Path | None

    @cached_property
    def days(self) -> Days:
        """Raises UnreadableData, Leak and BadRecipe."""
        return Days.of(self.training, self.test)

    @cached_property
    def logs(self) -> Logs:
        """What is learned from, with sentiments, and what chooses. Raises as ``days`` does, and
        BadRecipe for a log in another language than English without sentiments.
        """
        settings, days = self.settings, self.days
        learned_from = sampled(days.training, settings.impressions)
        return Logs(
            with_any_sentiments(learned_from, self.sentiment),
            sampled(days.validation, settings.choosing),
            (settings.data.training, "its last day"),
        )

    @cached_property
    def measured(self) -> ImpressionLog:
        """What every row is measured on."""
        return sampled(self.days.test, self.settings.measured)

    @property
    def decided_by(self) -> dict[str, JsonValue]:
        """The settings that every row depends on, its recipe aside."""
        settings = self.settings
        return {
            "impressions": settings.impressions,
            "choosing": settings.choosing,
            "measured": settings.measured,
        }

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that every row depends on."""
        table = () if self.sentiment is None else (self.sentiment,)
        return (self.encoder, self.training, self.test, *table)


def with_any_sentiments(log: ImpressionLog, table: Path | None) -> ImpressionLog:
    """The log with a file's sentiments, or its own; of a log without any, VADER labels the titles
    of the histories.
    """
    if table is not None:
        (labelled,) = with_sentiments([log], table)
        return labelled
    if any(log.news.column("sentiment")):
        return log
    from training.sentiment.vader import check_english, vader

    read = log.news.take(np.unique(log.history.values))
    check_english(read)
    return replace(log, news=log.news.with_sentiment(label(read, vader)))

"""The study's logs: days to learn from, one to choose by, and one to be measured on, in languages.

No impression of the test is learned from, and none of the validation day but to choose by.
"""

from dataclasses import dataclass

from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.splits import check_no_leak, split_last_day
from training.data.translated import (
    Tellings,
    comparable,
    in_translation,
    over,
    read_in_translation,
    told,
)
from training.errors import BadRecipe
from training.studies.clicks import sampled
from training.studies.nase.paths import Paths


@dataclass(frozen=True, eq=False)
class Days:
    """The logs over one news table, which holds the translations, too."""

    tellings: Tellings
    training: ImpressionLog
    validation: ImpressionLog
    """The last of the training's days."""
    test: ImpressionLog

    @classmethod
    def of(cls, paths: Paths) -> "Days":
        """Raises UnreadableData, Leak, and BadRecipe for a training log of a single day."""
        training, test = read_logs([paths.training, paths.test])
        check_no_leak(training, test)
        tellings = told(training.news, paths.translations)
        for language in tellings.rows:
            if not tellings.has(language).any():
                raise BadRecipe(f"no news of the logs has a translation into {language}")
        earlier, last = split_last_day(over(training, tellings.news))
        return cls(tellings, earlier, last, over(test, tellings.news))


def variants(log: ImpressionLog, tellings: Tellings) -> dict[str, ImpressionLog]:
    """A log (``comparable``) as readers of several languages would have met it.

    ``source``: all as it was. By language: ``zh-candidates`` after a history in the source
    language, ``zh-half`` after one whose every second click is in translation, ``zh`` after one
    that all is.
    """
    found = {"source": log}
    for language, rows_N in tellings.rows.items():
        shown = in_translation(log, rows_N)
        found[f"{language}-candidates"] = shown
        found[f"{language}-half"] = read_in_translation(shown, rows_N, every=2)
        found[language] = read_in_translation(shown, rows_N)
    return found


def measured_log(log: ImpressionLog, tellings: Tellings, most: int | None) -> ImpressionLog:
    """What all rows are measured on. Raises BadRecipe if nothing of the log is translated."""
    found = sampled(comparable(log, tellings), most)
    if not len(found):
        languages = " and ".join(tellings.rows)
        raise BadRecipe(f"no impression has clicked and other candidates in {languages}")
    return found

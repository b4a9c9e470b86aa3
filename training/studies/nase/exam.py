"""What every row is measured on, and the cells that its scores make.

All rows score the same candidates of the same impressions, told in several languages, so that any
two rows, and any two languages, are compared in pairs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import JsonValue

from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.data.translated import comparable, in_translation
from training.evaluation.comparison import by_reader
from training.evaluation.groups import quintiles
from training.evaluation.report import Report, evaluate_scores
from training.studies.clicks import METRICS, Scorer
from training.studies.nase.days import Days, measured_log, variants
from training.studies.nase.paths import Paths
from training.studies.nase.settings import Choosing, Measuring
from training.studies.nase.texts import held_out_documents, held_out_sentences
from training.studies.study import Float64, Sample

COLD: Final = "auc"
"""The metric that readers' fifths are compared by."""
FIFTHS: Final = 5


@dataclass(frozen=True, eq=False)
class Exam:
    """The logs, read and told."""

    days: Days
    log: ImpressionLog
    """The test's impressions that are measured, in the source language."""
    variants: Mapping[str, ImpressionLog]
    choosing: tuple[ImpressionLog, ...]
    """Of the validation day: in the source language, then candidates in each other one."""
    sentences: Mapping[str, list[str]]
    documents: tuple[str, ...]
    """Of the sentences."""

    @classmethod
    def of(cls, paths: Paths, measuring: Measuring, choosing: Choosing) -> "Exam":
        """Raises UnreadableData, Leak and BadRecipe."""
        days = Days.of(paths)
        log = measured_log(days.test, days.tellings, measuring.impressions)
        chosen_by = measured_log(days.validation, days.tellings, choosing.impressions)
        told = [in_translation(chosen_by, rows_N) for rows_N in days.tellings.rows.values()]
        return cls(
            days=days,
            log=log,
            variants=variants(log, days.tellings),
            choosing=(chosen_by, *told),
            sentences=held_out_sentences(paths, measuring.sentences),
            documents=tuple(held_out_documents(paths, measuring.sentences)),
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that there are translations into."""
        return tuple(self.days.tellings.rows)

    def seen(self) -> Int64:
        """All rows of the news that any variant names."""
        return np.unique(np.concatenate([log.seen() for log in self.variants.values()]))

    def coverage(self) -> dict[str, JsonValue]:
        """How much of the test can be shown in translation, for people to know."""
        test, tellings = self.days.test, self.days.tellings
        has_N = np.logical_and.reduce([tellings.has(one) for one in self.languages])
        whole = comparable(test, tellings)
        return {
            "impressions measured": len(self.log),
            "impressions of the test": len(test),
            "of them with clicked and other candidates in translation": len(whole),
            "candidates left out for want of a translation": _share(~has_N[test.candidates.values]),
            "clicks of histories left as they were read": _share(~has_N[whole.history.values]),
        }


def cells(exam: Exam, score: Scorer) -> dict[str, Sample]:
    """A sample for each metric of each variant, for the gaps, and for readers' fifths."""
    reports = {name: evaluate_scores(log, score(log)) for name, log in exam.variants.items()}
    unit_I = by_reader(exam.log)
    return {
        name: Sample(values_I, unit_I[positions])
        for name, values_I, positions in _values(exam, reports)
    }


def _values(exam: Exam, reports: Mapping[str, Report]) -> Iterator[tuple[str, Float64, Int64]]:
    """Columns with their values, and which impressions these are of."""
    for name, report in reports.items():
        for metric in METRICS:
            yield f"{name}/{metric}", report.values[metric], report.positions_I
    source, groups = reports["source"], quintiles(exam.log)
    for language in exam.languages:
        told = reports[language]
        for metric in METRICS:
            gap_I = source.values[metric] - told.values[metric]
            yield f"{language}-gap/{metric}", gap_I, source.positions_I
        for number, members in enumerate(groups.values(), start=1):
            member_I = np.isin(told.positions_I, members)
            fifth_I = told.values[COLD][member_I]
            if len(fifth_I):
                yield f"{language}-fifth/{number}", fifth_I, told.positions_I[member_I]


def _share(flags: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    return f"{flags.mean():.1%}" if flags.size else "none"

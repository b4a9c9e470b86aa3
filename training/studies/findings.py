"""Does what the paper found hold here? Decided by paired tests, never by eye.

A finding is one or more contrasts: that one cell is higher than another. Both cells are measured
on the same impressions, so their differences are resampled by whole readers (``comparison``); the
p-values are adjusted by Holm over all contrasts of a study. The more contrasts, the more resamples:
a p-value is at least 2/(R + 1), and Holm multiplies the least one by the number of contrasts.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from training.evaluation.comparison import RESAMPLES, Difference, holm, paired
from training.studies.study import Finished, Sample

ALPHA: Final = 0.05
RESAMPLES_EACH: Final = 200
"""For each contrast, at least: what never happened by chance then has a p below 0.01 by Holm."""
Verdict = Literal["agrees", "differs", "too noisy to say", "not measured"]


@dataclass(frozen=True)
class Cell:
    """A column of a row, by their names."""

    row: str
    column: str


@dataclass(frozen=True)
class Contrast:
    """That the one cell is higher than the other."""

    higher: Cell
    lower: Cell


@dataclass(frozen=True)
class Tested:
    """What came of a contrast: the higher cell minus the lower one."""

    contrast: Contrast
    difference: Difference
    p: float
    """By Holm."""

    @property
    def holds(self) -> bool:
        """Higher, and hardly by chance."""
        return self.p < ALPHA and self.difference.mean > 0

    @property
    def is_reversed(self) -> bool:
        """Lower, and hardly by chance."""
        return self.p < ALPHA and self.difference.mean < 0


Judge = Callable[[Sequence[Tested]], Verdict]
"""What the tests of a finding's contrasts make of it."""


def everywhere(tests: Sequence[Tested]) -> Verdict:
    """The claim is that every contrast holds: one that is reversed is enough to differ."""
    if any(test.is_reversed for test in tests):
        return "differs"
    return "agrees" if all(test.holds for test in tests) else "too noisy to say"


def not_everywhere(tests: Sequence[Tested]) -> Verdict:
    """The claim is that some contrast is reversed: to differ, all of them have to hold."""
    if any(test.is_reversed for test in tests):
        return "agrees"
    return "differs" if all(test.holds for test in tests) else "too noisy to say"


@dataclass(frozen=True)
class Finding:
    """What the paper found."""

    claim: str
    said: str
    """Where the paper says so."""
    contrasts: tuple[Contrast, ...]
    """None where the study's settings leave out what it is about: it is not measured then."""
    judge: Judge = everywhere


@dataclass(frozen=True)
class Judged:
    """A finding with its verdict; ``tests`` are those contrasts whose cells were measured."""

    finding: Finding
    tests: tuple[Tested, ...]
    verdict: Verdict


def judged(
    findings: Sequence[Finding],
    finished: Mapping[str, Finished],
    *,
    resamples: int = RESAMPLES,
) -> list[Judged]:
    """Every finding with its verdict, from at least so many resamples. A finding that lacks a cell
    is not measured.

    Raises ValueError for a contrast of cells that were measured on different units.
    """
    contrasts = dict.fromkeys(c for finding in findings for c in finding.contrasts)
    samples = {c: sample for c in contrasts if (sample := _differences(c, finished))}
    found = _tested(samples, max(resamples, RESAMPLES_EACH * len(samples)))
    adjusted = holm({contrast: difference.p for contrast, difference in found.items()})
    tested = {c: Tested(c, difference, adjusted[c]) for c, difference in found.items()}
    return [_judged(finding, tested) for finding in findings]


def _judged(finding: Finding, tested: Mapping[Contrast, Tested]) -> Judged:
    tests = tuple(tested[c] for c in finding.contrasts if c in tested)
    whole = len(tests) == len(finding.contrasts) > 0
    return Judged(finding, tests, finding.judge(tests) if whole else "not measured")


def _tested(samples: Mapping[Contrast, Sample], resamples: int) -> dict[Contrast, Difference]:
    """Those of the same units are read off the same resamples."""
    found: dict[Contrast, Difference] = {}
    by_units = defaultdict(list)
    for contrast, sample in samples.items():
        by_units[sample.unit_I.tobytes()].append(contrast)
    for contrasts in by_units.values():
        values = {str(c): samples[c].values_I for c in contrasts}
        tested = paired(values, samples[contrasts[0]].unit_I, resamples=resamples)
        found |= {c: tested[str(c)] for c in contrasts}
    return found


def _differences(contrast: Contrast, finished: Mapping[str, Finished]) -> Sample | None:
    higher, lower = (_sample(cell, finished) for cell in (contrast.higher, contrast.lower))
    if higher is None or lower is None:
        return None
    if not np.array_equal(higher.unit_I, lower.unit_I):
        raise ValueError(f"{contrast} was not measured on the same units")
    return Sample(higher.values_I - lower.values_I, higher.unit_I)


def _sample(cell: Cell, finished: Mapping[str, Finished]) -> Sample | None:
    row = finished.get(cell.row)
    return None if row is None else row.measured.samples.get(cell.column)

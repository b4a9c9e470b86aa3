"""Is ours better than theirs, or is it chance? A paired bootstrap, and Holm's correction.

Both systems scored the same impressions, so their differences are resampled (Efron & Tibshirani,
*An Introduction to the Bootstrap*, 1993, chapters 8 and 13). Impressions of one reader resemble
each other: whole readers are drawn, which is wider than to draw impressions, and honest.

Shapes: I evaluated impressions, U units that are drawn, M metrics, R resamples.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.evaluation.report import Report

Float64 = NDArray[np.float64]
Tested = TypeVar("Tested", bound=Hashable)
Units = Callable[[ImpressionLog], Int64]
"""What is drawn: the number, from 0, of each impression's unit."""

RESAMPLES: Final = 10_000
DRAWN_AT_ONCE: Final = 1 << 19


@dataclass(frozen=True)
class Difference:
    """The mean of ours − theirs over impressions, and how sure it is."""

    mean: float
    standard_error: float
    low: float
    high: float
    """From ``low`` to ``high``: the 95% percentile interval."""
    p: float
    """Two-sided: twice the share of resamples on the other side of 0, at least 2/(R + 1)."""
    impressions: int
    units: int
    """How many readers, or what else was drawn."""


def by_reader(log: ImpressionLog) -> Int64:
    """Readers are drawn, each with all of their impressions."""
    return np.unique(np.asarray(log.users, str), return_inverse=True)[1]


def by_impression(log: ImpressionLog) -> Int64:
    """Impressions are drawn, as though each had a reader of its own."""
    return np.arange(len(log))


def compare(
    ours: Report,
    theirs: Report,
    log: ImpressionLog,
    units: Units = by_reader,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Mapping[str, Difference]:
    """Each metric's difference on ``log``, of which both reports evaluated the same impressions.

    All metrics are read off the same resamples. Raises ValueError for reports on different
    impressions or on another log.
    """
    if not np.array_equal(ours.positions_I, theirs.positions_I):
        raise ValueError("the reports evaluate different impressions")
    if not ours.impressions == theirs.impressions == len(log):
        raise ValueError("the reports are not on this log")
    differences = {name: values_I - theirs.values[name] for name, values_I in ours.values.items()}
    return paired(differences, units(log)[ours.positions_I], seed=seed, resamples=resamples)


def paired(
    differences: Mapping[str, Float64],
    unit_I: Int64,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Mapping[str, Difference]:
    """Of each name's differences (I,) the mean, where whole units (I,) are drawn.

    All are read off the same resamples.
    """
    _, unit_I = np.unique(unit_I, return_inverse=True)
    sizes_U = np.bincount(unit_I)
    sums_MU = [np.bincount(unit_I, d_I) for d_I in differences.values()]
    totals_UM = np.column_stack([*sums_MU, sizes_U]).astype(np.float64)
    rng = np.random.default_rng(seed)
    means_RM = np.concatenate(list(_resampled(totals_UM, resamples, rng)))
    return {
        name: _difference(d_I, means_R, len(sizes_U))
        for (name, d_I), means_R in zip(differences.items(), means_RM.T, strict=True)
    }


def holm(p_values: Mapping[Tested, float]) -> Mapping[Tested, float]:
    """The p-values adjusted for being several, in the order given (Holm, Scand. J. Stat. 1979).

    The k-th smallest of m is multiplied by m − k + 1, and is no less than the one before, nor
    more than 1. To reject those below α errs in any of them with a probability of at most α.
    """
    ascending = sorted(p_values, key=p_values.__getitem__)
    factors = range(len(ascending), 0, -1)
    raised = [min(1.0, p_values[name] * by) for name, by in zip(ascending, factors, strict=True)]
    adjusted = dict(zip(ascending, np.maximum.accumulate(raised).tolist(), strict=True))
    return {name: adjusted[name] for name in p_values}


def _resampled(totals_UM: Float64, resamples: int, rng: np.random.Generator) -> Iterator[Float64]:
    """Chunk by chunk, the means of as many units as there are, drawn with replacement.

    The last column of the totals is how many impressions a unit has.
    """
    units = len(totals_UM)
    at_once = max(1, DRAWN_AT_ONCE // units)
    for start in range(0, resamples, at_once):
        shape = min(at_once, resamples - start), units
        drawn = rng.integers(0, units, shape, np.int32) + np.arange(shape[0])[:, None] * units
        times_RU = np.bincount(drawn.ravel(), minlength=shape[0] * units).reshape(shape)
        drawn_RM = times_RU.astype(np.float64) @ totals_UM
        yield drawn_RM[:, :-1] / drawn_RM[:, -1:]


def _difference(differences_I: Float64, means_R: Float64, units: int) -> Difference:
    low, high = np.quantile(means_R, [0.025, 0.975])
    beyond = 1 + min((means_R <= 0).sum(), (means_R >= 0).sum())
    return Difference(
        mean=float(differences_I.mean()),
        standard_error=float(means_R.std(ddof=1)),
        low=float(low),
        high=float(high),
        p=min(1.0, float(2 * beyond / (len(means_R) + 1))),
        impressions=len(differences_I),
        units=units,
    )

"""A variant against the control, valid however often and whenever one looks.

A fixed-sample interval that is looked at daily rejects a true null in a quarter of all
experiments. This is an asymptotic confidence sequence instead (Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas, *Time-uniform central limit theory and asymptotic confidence sequences*, Annals
of Statistics 2024, arXiv 2103.06476, Theorem 2.2): with difference D of the CTRs, variance V (the
sum of both variants' clustered variances) and x = ρ²/V,

    D ± √( V · (1 + x)/x · 2 log(√(1 + x) / α) )

holds the true difference at all looks together with probability 1 − α. In the paper x = tρ²: time
is counted in observations, and ρ is in standard deviations of one. Here time is counted in
**information, 1/V**, and ρ is a difference of CTRs. Among readers who come once the two are
proportional; but where known readers come back, the estimate moves on while the number of readers
stands still, and information does not.

The sequence starts once the smaller variant is due enough clicks for the normal limit to hold; a
delayed start keeps the guarantee (Bibaut, Kallus and Lindon 2022, arXiv 2212.14411).
"""

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from typing import Final

from service.experiments.click_rate import Tally, ctr, variance

WORTH_FINDING: Final = 0.01
"""rho: the difference of CTRs, up or down, that the sequence finds soonest. At 95% it is tightest
where √V = rho/2.9, 3.0·√V to each side, and less than a tenth wider from rho/1.4 to rho/12."""

CLICKS_TO_START: Final = 50
"""Clicks that the smaller variant must be due before anything is said. A variant with few due
shows none at all too often, and then no variance either: with a share of 10% and a CTR of 1%, a
sequence without a delay rejects a true null in three experiments out of ten."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The variant's CTR minus the control's, at one look among any number of looks.

    ``lower`` and ``upper`` bound the true difference, in [−1, 1]. ``p_value`` is always valid: the
    smallest α at which the sequence excludes 0. ``decided`` says that it does at the level asked
    for; who then stops is wrong about there being a difference with probability ≤ 1 − level.
    ``readers`` counts both variants.
    """

    difference: float
    lower: float
    upper: float
    p_value: float
    decided: bool
    readers: int


def compare(
    control: Tally, variant: Tally, level: float = 0.95, rho: float = WORTH_FINDING
) -> Comparison | None:
    """Compare at this moment; None while there is too little to compare.

    No reader is in both tallies. ``level`` and ``rho`` are chosen before the first look and kept:
    a ``rho`` chosen from the data voids the guarantee. Raises ValueError unless 0 < ``level`` < 1
    and ``rho`` > 0.
    """
    if not (0 < level < 1 and rho > 0):
        raise ValueError("level lies between 0 and 1, and rho above 0")
    found = _difference(control, variant)
    if found is None or _clicks_due(control, variant) < CLICKS_TO_START:
        return None
    difference, spread = found
    half = _half_width(spread, rho, 1 - level)
    return Comparison(
        difference=difference,
        lower=max(-1.0, difference - half),
        upper=min(1.0, difference + half),
        p_value=_p_value(difference, spread, rho),
        decided=abs(difference) > half,
        readers=control.readers + variant.readers,
    )


def _difference(control: Tally, variant: Tally) -> tuple[float, float] | None:
    """The difference and its variance, None without a variance above 0."""
    rates, spreads = (ctr(control), ctr(variant)), (variance(control), variance(variant))
    if rates[0] is None or rates[1] is None or spreads[0] is None or spreads[1] is None:
        return None
    spread = spreads[0] + spreads[1]
    return (rates[1] - rates[0], spread) if spread > 0 else None


def _half_width(spread: float, rho: float, alpha: float) -> float:
    x = rho**2 / spread
    return sqrt(spread * (1 + x) / x * (log1p(x) - 2 * log(alpha)))


def _p_value(difference: float, spread: float, rho: float) -> float:
    """``_half_width`` = |difference|, solved for alpha."""
    x = rho**2 / spread
    return min(1.0, sqrt(1 + x) * exp(-(difference**2) / spread * x / (2 * (1 + x))))


def _clicks_due(control: Tally, variant: Tally) -> float:
    """The clicks due to the smaller variant if both had one CTR.

    A reader's many clicks count for fewer: Kish's effective number, (Σc)² / Σc².
    """
    both = control + variant
    if not (both.clicks and both.impressions):
        return 0.0
    effective = both.clicks**2 / both.clicks_squared
    return effective * min(control.impressions, variant.impressions) / both.impressions

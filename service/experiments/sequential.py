"""Comparing two click rates at any time and as often as one likes.

An interval that holds at one look is broken by looking every day until it says what one hopes. An
asymptotic confidence sequence holds at all looks together (Waudby-Smith, Arbour, Sinha, Kennedy
and Ramdas, *Time-uniform central limit theory and asymptotic confidence sequences*, 2021, theorem
2.2): after n readers, with a per-reader standard deviation σ of the estimate,

    ± σ · √( (n·ρ² + 1) / (n²·ρ²) · ln( (n·ρ² + 1) / α² ) )

where ρ² is chosen so that the sequence is narrowest at a stated number of readers.
"""

import math
from dataclasses import dataclass
from typing import Final

from service.experiments.click_rate import Tally, click_rate, variance

NARROWEST_AT: Final = 2_000
"""Readers (both variants together) at which the sequence is as narrow as it can be made."""
FEWEST_READERS: Final = 50
"""Below so many in either variant the normal approximation is not trusted: nothing is decided."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variant's click rate less the control's, with its bounds, and an always-valid p-value: the
    smallest α at which zero has been outside.
    """

    difference: float
    lower: float
    upper: float
    p_value: float
    decided: bool


def compare(variant: Tally, control: Tally, alpha: float = 0.05) -> Comparison | None:
    """The comparison, None where either side has no variance yet."""
    rates = click_rate(variant), click_rate(control)
    spreads = variance(variant), variance(control)
    if rates[0] is None or rates[1] is None or spreads[0] is None or spreads[1] is None:
        return None
    readers = variant.readers + control.readers
    difference, spread = rates[0] - rates[1], spreads[0] + spreads[1]
    half = boundary(readers, alpha) * math.sqrt(spread)
    enough = min(variant.readers, control.readers) >= FEWEST_READERS and spread > 0
    return Comparison(
        difference=difference,
        lower=difference - half if enough else -1.0,
        upper=difference + half if enough else 1.0,
        p_value=p_value(difference * difference / spread, readers) if enough else 1.0,
        decided=enough and abs(difference) > half,
    )


def boundary(readers: int, alpha: float) -> float:
    """How many standard errors the sequence lies from the estimate after so many readers."""
    grown = readers * _rho_squared(alpha) + 1
    return math.sqrt(grown / (grown - 1) * math.log(grown / (alpha * alpha)))


def p_value(z_squared: float, readers: int) -> float:
    """The smallest α, at most 1, whose boundary a squared z-score reaches; ρ² is that of 5%."""
    grown = readers * _rho_squared(0.05) + 1
    exponent = z_squared * (grown - 1) / grown
    return min(1.0, math.sqrt(grown) * math.exp(-exponent / 2))


def _rho_squared(alpha: float) -> float:
    """ρ² for which the sequence is about narrowest at ``NARROWEST_AT`` readers (appendix B.2)."""
    logarithm = -2 * math.log(alpha)
    return (logarithm + math.log(logarithm + 1)) / NARROWEST_AT

"""What another policy would have done in the places that chance filled.

A place was filled with article a by a draw of known propensity p(a). Another policy would have
chosen a with probability π(a), here 1 or 0. With w = π(a) / p(a) and r = 1 for a click:

    IPS = Σ w·r / n          SNIPS = Σ w·r / Σ w

Inverse propensity scoring is unbiased; the self-normalised form (Swaminathan and Joachims, NeurIPS
2015) trades a little bias for less variance. Both say nothing where the two policies never meet:
look at the effective sample size (Σw)² / Σw² (Kish, 1965) and the coverage.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Estimate:
    """A click rate of the randomised places, with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class SlotTally:
    """Sums over randomised places that were seen: how many, how many where w > 0, of w, w², w·r
    and w²·r.
    """

    slots: int = 0
    covered: int = 0
    weights: float = 0.0
    weights_squared: float = 0.0
    weighted_clicks: float = 0.0
    weights_squared_clicks: float = 0.0

    @classmethod
    def of(cls, slots: Iterable[tuple[float, int]]) -> Self:
        """The tally of places with these weights w and clicks r."""
        pairs = list(slots)
        return cls(
            len(pairs),
            sum(w > 0 for w, _ in pairs),
            math.fsum(w for w, _ in pairs),
            math.fsum(w * w for w, _ in pairs),
            math.fsum(w * r for w, r in pairs),
            math.fsum(w * w * r for w, r in pairs),
        )


def ips(tally: SlotTally) -> Estimate | None:
    """Inverse propensity scoring; None with fewer than two places."""
    if tally.slots < 2:
        return None
    value = tally.weighted_clicks / tally.slots
    spread = tally.weights_squared_clicks / tally.slots - value * value
    return Estimate(value, math.sqrt(max(spread, 0.0) / (tally.slots - 1)))


def snips(tally: SlotTally) -> Estimate | None:
    """The self-normalised estimate, its error by the delta method; None where no weight is."""
    if tally.covered < 2:
        return None
    value = tally.weighted_clicks / tally.weights
    residuals = (
        tally.weights_squared_clicks * (1 - 2 * value) + value * value * tally.weights_squared
    )
    return Estimate(value, math.sqrt(max(residuals, 0.0)) / tally.weights)


def effective_sample_size(tally: SlotTally) -> float | None:
    """How many equally weighted places the estimate rests on; None where no weight is."""
    return tally.weights**2 / tally.weights_squared if tally.weights_squared else None


def coverage(tally: SlotTally) -> float | None:
    """The share of places where the other policy could have made the same choice."""
    return tally.covered / tally.slots if tally.slots else None

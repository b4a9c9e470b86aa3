"""What a target policy would have earned in the slots that another policy filled at random.

A slot logged with its propensity p counts with the weight w = π(a) / p, where π(a) is the
probability with which the target would have shown the same article, and with the reward r: 1 for a
click, else 0. Every estimate comes from a few sums over slots, so that processes add up theirs.

Standard errors take slots as independent. Readers who fill many slots make them too small.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from math import isfinite, sqrt
from operator import add
from typing import Self


@dataclass(frozen=True, slots=True)
class SlotTally:
    """Sums over logged slots: n, Σw, Σw², Σwr, Σw²r, Σw²r², and how many have w > 0.

    Tallies add up, and start at ``SlotTally()``.
    """

    slots: int = 0
    weights: float = 0.0
    weights_squared: float = 0.0
    weighted_rewards: float = 0.0
    weights_squared_rewards: float = 0.0
    weighted_rewards_squared: float = 0.0
    covered: int = 0

    @classmethod
    def of_slot(cls, weight: float, reward: float) -> Self:
        """One slot. Raises ValueError for a weight that is negative or not finite."""
        if not (isfinite(weight) and weight >= 0):
            raise ValueError(f"a weight is a number from 0 upwards, not {weight}")
        earned = weight * reward
        return cls(1, weight, weight**2, earned, weight * earned, earned**2, 1 if weight > 0 else 0)

    @classmethod
    def of(cls, slots: Iterable[tuple[float, float]]) -> "SlotTally":
        """The tally of each slot's (weight, reward)."""
        return sum((cls.of_slot(weight, reward) for weight, reward in slots), SlotTally())

    def __add__(self, other: "SlotTally") -> "SlotTally":
        return SlotTally(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's reward per slot. The standard error is None where a single slot says it all."""

    value: float
    standard_error: float | None


def ips(tally: SlotTally) -> Estimate | None:
    """Inverse propensity scoring, Σwr / n: unbiased if every propensity is the true one and the
    logging policy shows all that the target may (Horvitz and Thompson, 1952). None without slots.

    It may exceed 1. Standard error: that of a mean of n values wr.
    """
    n = tally.slots
    if not n:
        return None
    value = tally.weighted_rewards / n
    squares = tally.weighted_rewards_squared - n * value**2
    return Estimate(value, sqrt(max(0.0, squares) / (n * (n - 1))) if n > 1 else None)


def snips(tally: SlotTally) -> Estimate | None:
    """The self-normalised estimate R = Σwr / Σw, within the rewards' range (Swaminathan and
    Joachims, *The Self-Normalized Estimator for Counterfactual Learning*, NeurIPS 2015).

    Biased by O(1/n), and mostly of smaller variance than ``ips``. None where all weights are 0.
    Standard error by the delta method: Var(R) ≈ n/(n−1) · Σw²(r − R)² / (Σw)².
    """
    n = tally.slots
    if not tally.weights:
        return None
    value = tally.weighted_rewards / tally.weights
    squares = (
        tally.weighted_rewards_squared
        - 2 * value * tally.weights_squared_rewards
        + value**2 * tally.weights_squared
    )
    if tally.covered < 2:  # a lone r − R is 0, which is not certainty
        return Estimate(value, None)
    return Estimate(value, sqrt(max(0.0, squares) * n / (n - 1)) / tally.weights)


def effective_sample_size(tally: SlotTally) -> float | None:
    """(Σw)² / Σw², in [1, n] (Kish, 1965): so many slots of the target policy itself would tell
    about as much. None where all weights are 0.
    """
    return tally.weights**2 / tally.weights_squared if tally.weights_squared else None


def coverage(tally: SlotTally) -> float | None:
    """The share of slots, in [0, 1], of which the target policy learns anything: w > 0."""
    return tally.covered / tally.slots if tally.slots else None

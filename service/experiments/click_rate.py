"""The click-through rate of a variant, with an honest error: readers are randomised.

CTR = Σc / Σi over readers, where i and c are one reader's impressions and clicks. A reader's
impressions resemble each other, so that the reader is the unit, and the CTR a ratio of two means
over readers.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from math import sqrt
from operator import add
from statistics import NormalDist
from typing import Self


@dataclass(frozen=True, slots=True)
class Tally:
    """One variant's sums over the readers with an impression in it.

    ``impressions_squared`` is Σi², ``clicks_squared`` Σc², ``impressions_clicks`` Σi·c. The sum
    of two tallies, of which no reader is in both, is the tally of all their readers.
    """

    readers: int
    impressions: int
    clicks: int
    impressions_squared: int
    clicks_squared: int
    impressions_clicks: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        """The tally of each reader's (impressions, clicks)."""
        rows = [(1, i, c, i * i, c * c, i * c) for i, c in pairs]
        return cls(*map(sum, zip(*rows, strict=True))) if rows else cls(0, 0, 0, 0, 0, 0)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(add, astuple(self), astuple(other)))


def ctr(tally: Tally) -> float | None:
    """Clicks per impression; None without an impression."""
    return tally.clicks / tally.impressions if tally.impressions else None


def variance(tally: Tally) -> float | None:
    """The variance of the CTR, clustered by reader; None below two readers or one impression.

    The delta method on a ratio of means R = c̄ / ī (Deng, Knoblich and Lu, *Applying the Delta
    Method in Metric Analytics*, KDD 2018):

        Var(R) ≈ (Var(c) − 2R Cov(i, c) + R² Var(i)) / (n ī²) = n/(n−1) · Σ(c − R i)² / (Σi)²
    """
    readers, impressions, clicks = tally.readers, tally.impressions, tally.clicks
    if readers < 2 or not impressions:
        return None
    # Σ(c − R i)² times (Σi)², in whole numbers: nothing cancels.
    residuals = (
        tally.clicks_squared * impressions**2
        - 2 * clicks * impressions * tally.impressions_clicks
        + clicks**2 * tally.impressions_squared
    )
    return readers * residuals / ((readers - 1) * impressions**4)


def confidence_interval(tally: Tally, level: float = 0.95) -> tuple[float, float] | None:
    """The CTR's interval in [0, 1] for **one** look at the data; None without an impression.

    Wilson's interval (1927) with the effective number of impressions, CTR·(1 − CTR) / variance,
    in place of the number of independent trials; recommended for clustered proportions by Franco,
    Little, Louis and Slud (*J. Survey Statistics and Methodology*, 2019). With many readers it is
    CTR ± z·√variance; with few it stays in bounds and does not collapse at 0 clicks. Below some
    40 readers, few clicks and readers much unlike, a 95% interval may hold the truth in only 88%
    of the cases. Raises ValueError unless 0 < ``level`` < 1.
    """
    rate = ctr(tally)
    if rate is None:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    return _wilson(min(rate, 1.0), _effective_impressions(tally), z)


def _effective_impressions(tally: Tally) -> float:
    """As many independent impressions would tell as much.

    Where the data show no spread, each reader counts once: their impressions may all be alike.
    """
    rate, spread = tally.clicks / tally.impressions, variance(tally)
    if not spread or not 0 < rate < 1:
        return max(tally.readers, 1)
    return min(rate * (1 - rate) / spread, tally.impressions)


def _wilson(rate: float, trials: float, z: float) -> tuple[float, float]:
    shrink = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / shrink
    half = z / shrink * sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2)
    return max(0.0, centre - half), min(1.0, centre + half)

"""Click rates with honest intervals: readers are randomised, so readers are what is independent.

A click rate is a ratio of two sums over readers, R = Σc / Σi. One reader's impressions hang
together, so the variance is that of the ratio, by the delta method over readers (Deng, Knoblich
and Lu, *Applying the Delta Method in Metric Analytics*, KDD 2018):

    Var(R) ≈ Σ (c − R·i)² / (Σi)² · n / (n − 1)

Six sums are all that it needs; they can be added up one event at a time, in any order.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over readers: how many, of their impressions i and clicks c, of i², c² and i·c."""

    readers: int = 0
    impressions: int = 0
    clicks: int = 0
    impressions_squared: int = 0
    clicks_squared: int = 0
    impressions_clicks: int = 0

    @classmethod
    def of(cls, readers: Iterable[tuple[int, int]]) -> Self:
        """The tally of readers with these impressions and clicks."""
        pairs = list(readers)
        return cls(
            len(pairs),
            sum(i for i, _ in pairs),
            sum(c for _, c in pairs),
            sum(i * i for i, _ in pairs),
            sum(c * c for _, c in pairs),
            sum(i * c for i, c in pairs),
        )


def click_rate(tally: Tally) -> float | None:
    """Clicks over impressions, None without any."""
    return tally.clicks / tally.impressions if tally.impressions else None


def variance(tally: Tally) -> float | None:
    """The variance of the click rate, clustered by reader; None with fewer than two readers."""
    rate = click_rate(tally)
    if rate is None or tally.readers < 2:
        return None
    residuals = (
        tally.clicks_squared
        - 2 * rate * tally.impressions_clicks
        + rate * rate * tally.impressions_squared
    )
    spread = max(residuals, 0.0) / tally.impressions**2
    return spread * tally.readers / (tally.readers - 1)


def confidence_interval(tally: Tally, level: float = 0.95) -> tuple[float, float] | None:
    """Wilson's interval of the click rate, in [0, 1], on the effective number of impressions: as
    many independent ones as would have the clustered variance, at most all. None without a
    variance. It is for one look; to look again and again, see ``sequential``.
    """
    rate, spread = click_rate(tally), variance(tally)
    if rate is None or spread is None:
        return None
    independent = rate * (1 - rate)
    size = min(independent / spread, tally.impressions) if spread else float(tally.readers)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (rate + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(independent / size + z * z / (4 * size * size))
    return max(centre - half, 0.0), min(centre + half, 1.0)

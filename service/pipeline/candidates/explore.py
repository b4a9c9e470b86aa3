"""Places for articles that few have seen, drawn by chance with known probabilities.

Shapes: N articles that may be drawn, K drawn.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.columns import NONE
from service.catalogue.fitting import first_fitting
from service.domain.policy import Exploration
from service.experiments.exploration import draw, optimistic_rates, softmax
from service.pipeline.newsstand import Newsstand
from service.pipeline.visit import Visit
from service.ports import Mask, RowIds

PRIOR_CLICKS: Final = 1.0
PRIOR_IMPRESSIONS: Final = 20.0
"""What is believed of an article before anyone has seen it."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What was drawn: rows and, given the draws before it, the propensity of each.

    ``pool`` are the rows that could be drawn; ``drawn_K`` are positions in it.
    """

    pool: RowIds
    drawn_K: NDArray[np.int64]
    propensities_K: NDArray[np.float64]

    @property
    def rows(self) -> RowIds:
        """The rows that were drawn, in order."""
        return self.pool[self.drawn_K]


NOTHING: Final = Explored(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def explore(newsstand: Newsstand, visit: Visit, allowed: Mask) -> Explored:
    """Draw as many articles as the policy gives places: its share of the page, rounded up or down
    by chance so that it holds on average; never the whole page.
    """
    policy, limit = visit.policy.explore, visit.request.limit
    if policy is None or not policy.share:
        return NOTHING
    places = min(int(policy.share * limit + newsstand.rng.random()), limit - 1)
    if places < 1:
        return NOTHING
    pool, weights_N = _pool(newsstand, visit, policy, allowed)
    if not len(pool):
        return NOTHING
    drawn_K, propensities_K = draw(weights_N, places, newsstand.rng)
    return Explored(pool, drawn_K, propensities_K)


def places_of(explored: int, length: int) -> list[int]:
    """Where in a page of ``length`` the explored articles stand: in the middle of equal parts."""
    return [int((place + 0.5) * length / explored) for place in range(explored)]


def _pool(
    newsstand: Newsstand, visit: Visit, policy: Exploration, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The newest articles that few have seen, in languages that the reader reads if any are
    known, and with which weight each is drawn.
    """
    catalogue, languages = visit.catalogue, visit.profile.languages
    rows, clicks_N, seen_N = newsstand.rare.of(
        catalogue, newsstand.popularity.exposure(), policy.impressions
    )

    def fit(rows: RowIds) -> Mask:
        fits_N = allowed[rows]
        if len(languages):
            codes_N = catalogue.columns.languages[rows]
            fits_N &= (languages[codes_N] > 0) | (codes_N == NONE)
        return fits_N

    some = first_fitting(rows, policy.candidates, fit)
    if not len(some):
        return rows[some], np.empty(0)
    rates_N = optimistic_rates(
        clicks_N[some], seen_N[some], PRIOR_CLICKS, PRIOR_IMPRESSIONS, policy.optimism
    )
    return rows[some], softmax(rates_N, policy.temperature)

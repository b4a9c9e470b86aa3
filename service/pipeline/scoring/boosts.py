"""Boosts: factors from the request."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.entry import Entry
from service.domain.recommendation import Boosts

Float64 = NDArray[np.float64]
LEAST: Final = 1e-3
MOST: Final = 1e3


def factors(entries: Sequence[Entry], boosts: Boosts) -> Float64:
    """Each entry's factor (C,): the product of all that fit, 1 where none does, kept within
    ``LEAST`` and ``MOST``. (What is boosted by 0 is no candidate.)
    """
    products_C = np.array(
        [
            boosts.article_ids.get(entry.article_id, 1.0)
            * boosts.categories.get(entry.category or "", 1.0)
            * boosts.sources.get(entry.source or "", 1.0)
            for entry in entries
        ],
        np.float64,
    )
    factors_C: Float64 = np.clip(products_C, LEAST, MOST)
    return factors_C


def boosted(scores_C: Float64, factors_C: Float64) -> Float64:
    """The scores times their factors (> 0); scores below zero are divided instead, so that a
    larger factor always lifts.
    """
    lifted_C: Float64 = np.where(scores_C > 0, scores_C * factors_C, scores_C / factors_C)
    return lifted_C

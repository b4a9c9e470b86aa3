"""Deep pools: what a reader's last search found serves their next ones, exactly.

A click moves a reader's vector a little. Of a deep search for the old vector one knows that
nothing outside it scored above the last one inside, its ``floor``; so under the new vector nothing
outside can score above

    floor + ‖new − old‖ · (length of the longest article vector)

by Cauchy and Schwarz. Whatever inside scores above that bound is certainly among the best. Articles
that came since are scored one by one. Where too few are certain, the index is searched again.
That is as exact as the index: what a large segment's codes have missed, its pool lacks, too.

Shapes: R rows, K rows of a pool, D dimensions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray

from model_store import late_fusion
from service.catalogue.catalogue import Catalogue
from service.domain.lookups import Lookups
from service.ports import Mask, RowIds, Vectors

DEPTH: Final = 400
POOLS_KEPT: Final = 10_000
POOLS_LIVE_SECONDS: Final = 3_600
NEW_ROWS_SCORED: Final = 1_024
"""So many articles that came since are scored one by one; past that, the index is searched."""
INDEX_ERROR: Final = 1e-5
"""The index adds in float32: it may misjudge a score of vectors of length 1 by so much."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The rows that score highest for ``vector_D``, the best first, with their exact scores."""

    vector_D: Vectors
    rows_K: RowIds
    scores_K: NDArray[np.float64]
    floor: float
    layout: int
    rows_written: int


class Pools:
    """Each key's last pool. A key is whatever keeps its vector from one request to the next; two
    that share a key by accident only share the work badly, since any pool gives exact answers.
    """

    def __init__(self, lookups: Lookups | None = None) -> None:
        """``lookups`` counts how often a pool was enough."""
        self._pools: TTLCache[int, Pool] = TTLCache(POOLS_KEPT, POOLS_LIVE_SECONDS)
        self._lookups = lookups or Lookups()

    def forget(self, key: int) -> None:
        """Drop a key's pool."""
        self._pools.pop(key, None)

    def best(
        self, catalogue: Catalogue, key: int, vector_D: Vectors, limit: int, allowed: Mask
    ) -> tuple[RowIds, NDArray[np.float64]]:
        """The ``limit`` allowed rows of highest score, and their scores, the highest first."""
        pool = self._pools.get(key)
        if pool is not None and _usable(pool, catalogue):
            rows, scores = _certain(pool, catalogue, vector_D, allowed)
            if len(rows) >= limit:
                self._lookups.hits += 1
                return rows[:limit], scores[:limit]
        self._lookups.misses += 1
        self._pools[key] = pool = _searched(catalogue, vector_D)
        rows, scores = _certain(pool, catalogue, vector_D, allowed)
        if len(rows) >= limit:
            return rows[:limit], scores[:limit]
        return best(catalogue, vector_D, limit, allowed)


def best(
    catalogue: Catalogue, vector_D: Vectors, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The ``limit`` allowed rows of highest score, and their scores, by a search of the index."""
    rows = catalogue.nearest(vector_D, limit, allowed)
    return by_score(rows, late_fusion.scores(catalogue.vectors(rows), vector_D))


def _searched(catalogue: Catalogue, vector_D: Vectors) -> Pool:
    everything = catalogue.allowed(None, [])
    rows, scores = best(catalogue, vector_D, DEPTH, everything)
    complete = len(rows) == everything.sum()
    length = float(np.linalg.norm(vector_D.astype(np.float64)))
    error = INDEX_ERROR * max(1.0, length * catalogue.longest)
    floor = -np.inf if complete else float(scores[-1]) + error
    return Pool(vector_D, rows, scores, floor, catalogue.layout, catalogue.rows_written)


def _usable(pool: Pool, catalogue: Catalogue) -> bool:
    new = catalogue.rows_written - pool.rows_written
    return pool.layout == catalogue.layout and new <= NEW_ROWS_SCORED


def _certain(
    pool: Pool, catalogue: Catalogue, vector_D: Vectors, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """Rows that certainly score highest among the allowed ones, the best first."""
    moved = float(np.linalg.norm(vector_D.astype(np.float64) - pool.vector_D))
    if moved:
        scores_K = late_fusion.scores(catalogue.vectors(pool.rows_K), vector_D)
    else:
        scores_K = pool.scores_K
    bound = pool.floor + moved * catalogue.longest
    sure = (allowed[pool.rows_K] & (scores_K > bound)).nonzero()[0]
    rows, scores = pool.rows_K[sure], scores_K[sure]
    if catalogue.rows_written > pool.rows_written:
        new = np.arange(pool.rows_written, catalogue.rows_written)
        new = new[allowed[new]]
        new_scores = late_fusion.scores(catalogue.vectors(new), vector_D)
        above = new_scores > bound
        rows = np.concatenate([rows, new[above]])
        scores = np.concatenate([scores, new_scores[above]])
    elif not moved:
        return rows, scores
    return by_score(rows, scores)


def by_score(rows: RowIds, scores: NDArray[np.float64]) -> tuple[RowIds, NDArray[np.float64]]:
    """The rows and scores, the highest first; of equal scores, the row written earlier."""
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]

"""Candidates by taste: the allowed articles that the model itself scores highest.

Shapes: C candidates, Q queries, D dimensions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_store import late_fusion
from service.catalogue.catalogue import Catalogue
from service.catalogue.pools import Pools, best, by_score
from service.pipeline.taste import Taste
from service.ports import Mask, RowIds, Vectors


def best_by_taste(
    catalogue: Catalogue, taste: Taste, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The ``limit`` allowed rows of highest relevance, and their relevance, the highest first.

    With several queries each is searched for: what is nearest to one of them is among the nearest
    of that one.
    """
    if len(taste.queries_QD) > 1:
        return _by_any(catalogue, taste.queries_QD, limit, allowed)
    return best(catalogue, taste.queries_QD[0], limit, allowed)


def from_pool(
    catalogue: Catalogue, pools: Pools, taste: Taste, reader: str, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The same, from the reader's pool where it holds enough: not where ``allowed`` is narrow."""
    if len(taste.queries_QD) > 1:
        return _by_any(catalogue, taste.queries_QD, limit, allowed)
    return pools.best(catalogue, hash(reader), taste.queries_QD[0], limit, allowed)


def _by_any(
    catalogue: Catalogue, queries_QD: Sequence[Vectors] | Vectors, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    found = [catalogue.nearest(query_D, limit, allowed) for query_D in queries_QD]
    rows = np.unique(np.concatenate(found))
    relevance_C = late_fusion.relevance(catalogue.vectors(rows), np.asarray(queries_QD))
    rows, relevance_C = by_score(rows, relevance_C)
    return rows[:limit], relevance_C[:limit]

"""Candidates by taste: the allowed articles that the model itself scores highest.

Shapes: C candidates, Q queries, D dimensions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_store import late_fusion
from service.catalogue.catalogue import Catalogue, RowIds
from service.catalogue.pools import best, by_score
from service.pipeline.newsstand import Newsstand
from service.pipeline.taste import Taste
from service.ports import Mask, Vectors


def by_taste(
    newsstand: Newsstand, taste: Taste, reader: str | None, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The ``limit`` allowed rows of highest relevance, and their relevance, the highest first.

    A ``reader`` who is named is served from their pool where it holds enough; pass None where
    ``allowed`` is narrow. With several queries each is searched for: what is nearest to one of
    them is among the nearest of that one.
    """
    catalogue, queries_QD = newsstand.catalogue, taste.queries_QD
    if len(queries_QD) > 1:
        return _by_any(catalogue, queries_QD, limit, allowed)
    if reader is None:
        return best(catalogue, queries_QD[0], limit, allowed)
    return newsstand.pools.best(catalogue, hash(reader), queries_QD[0], limit, allowed)


def _by_any(
    catalogue: Catalogue, queries_QD: Sequence[Vectors] | Vectors, limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    found = [catalogue.nearest(query_D, limit, allowed) for query_D in queries_QD]
    rows = np.unique(np.concatenate(found))
    relevance_C = late_fusion.relevance(catalogue.vectors(rows), np.asarray(queries_QD))
    rows, relevance_C = by_score(rows, relevance_C)
    return rows[:limit], relevance_C[:limit]

"""Candidate generators: each gives rows of the catalogue and scores, the best first.

Shapes: R rows, C candidates, D dimensions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue, RowIds
from service.catalogue.pools import best
from service.domain.fields import ArticleId
from service.domain.recommendation import Source
from service.pipeline.newsstand import Newsstand
from service.pipeline.taste import Taste
from service.ports import Mask

POOL: Final = 200
"""How many candidates re-ranking chooses from, at least."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows, their scores, and where each comes from. ``personal`` scores are the model's own."""

    rows_C: RowIds
    scores_C: NDArray[np.float64]
    sources: tuple[Source, ...]
    personal: bool


def by_taste(
    newsstand: Newsstand, taste: Taste, reader: str | None, pool: int, allowed: Mask
) -> Candidates:
    """The allowed articles that the model scores highest. A ``reader`` who is named is served
    from their pool where it holds enough; pass None where ``allowed`` is narrow.
    """
    if reader is None:
        rows_C, scores_C = best(newsstand.catalogue, taste.vector_D, pool, allowed)
    else:
        rows_C, scores_C = newsstand.pools.best(
            newsstand.catalogue, hash(reader), taste.vector_D, pool, allowed
        )
    return Candidates(rows_C, scores_C, (taste.source,) * len(rows_C), True)


def without_taste(
    catalogue: Catalogue, weights: Mapping[ArticleId, float], pool: int, allowed: Mask
) -> Candidates:
    """What is read most among the allowed articles, filled up with the newest."""
    hot, heat = trending(catalogue, weights, pool, allowed)
    rest = allowed.copy()
    rest[hot] = False
    fresh = catalogue.newest(pool - len(hot), rest)
    sources: list[Source] = ["trending"] * len(hot)
    sources += ["fresh"] * len(fresh)
    rows_C = np.concatenate([hot, fresh])
    scores_C = np.concatenate([heat, np.zeros(len(fresh))])
    return Candidates(rows_C, scores_C, tuple(sources), False)


def trending(
    catalogue: Catalogue, weights: Mapping[ArticleId, float], limit: int, allowed: Mask
) -> tuple[RowIds, NDArray[np.float64]]:
    """The allowed rows with the highest weights, and these, the highest first."""
    ids = [article_id for article_id in weights if article_id in catalogue]
    rows = catalogue.rows(ids)
    heat = np.array([weights[article_id] for article_id in ids], np.float64)
    rows, heat = rows[allowed[rows]], heat[allowed[rows]]
    order = np.lexsort((rows, -heat))[:limit]
    return rows[order], heat[order]

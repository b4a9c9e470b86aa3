"""Lists that are not personal: nearest to an article, and read most now."""

from typing import Final

import numpy as np

from service.catalogue.pools import by_score
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.domain.policy import PopularityPrior
from service.domain.recommendation import ListedItem, Listing
from service.errors import NotFound
from service.pipeline.newsstand import Newsstand
from service.ports import RowIds

DEEPER: Final = 10
LOOKED_AT: Final = 1_000
"""Where vectors differ in length, the index's order is not the cosines': ten times more are looked
at, and at least a thousand, and the nearest of those is answered.
"""


def similar(
    newsstand: Newsstand, article_id: ArticleId, limit: int, filters: Filters | None
) -> Listing:
    """The live articles nearest to a live article, with their cosine. Raises NotFound."""
    catalogue = newsstand.catalogue
    catalogue.expire(newsstand.clock())
    rows = catalogue.rows([article_id])
    if not len(rows):
        raise NotFound(f"there is no article {article_id}")
    vector_D = catalogue.vectors(rows)[0]
    allowed = catalogue.allowed(filters, [article_id])
    depth = limit if catalogue.normalised else max(limit * DEEPER, LOOKED_AT)
    found = catalogue.nearest(vector_D, depth, allowed)
    direction_D = catalogue.directions(vector_D[np.newaxis])[0]
    found, cosines = by_score(found, catalogue.directions(catalogue.vectors(found)) @ direction_D)
    return _listing(newsstand, found[:limit], np.clip(cosines[:limit], -1, 1).tolist())


def trending(
    newsstand: Newsstand, limit: int, filters: Filters | None, window_hours: int
) -> Listing:
    """What is read most now, with its time-decayed clicks; shorter than ``limit`` if little is."""
    catalogue = newsstand.catalogue
    catalogue.expire(newsstand.clock())
    half_life = PopularityPrior().half_life_hours
    heat = newsstand.popularity.heat(window_hours, half_life, 0.0)
    rows, values = newsstand.hot.of(catalogue, heat)
    allowed = catalogue.allowed(filters, [])
    if allowed[rows].sum() < limit:  # deeper than is kept at hand
        rows = catalogue.find(heat.hottest)
        rows, values = rows[rows >= 0], heat.of(heat.hottest)[rows >= 0]
    open_N = allowed[rows]
    return _listing(newsstand, rows[open_N][:limit], values[open_N][:limit].tolist())


def _listing(newsstand: Newsstand, rows: RowIds, scores: list[float]) -> Listing:
    ids = newsstand.catalogue.ids(rows)
    return Listing(
        model=newsstand.model.reference,
        items=[
            ListedItem(article_id=article_id, rank=rank, score=score)
            for rank, (article_id, score) in enumerate(zip(ids, scores, strict=True), 1)
        ],
    )

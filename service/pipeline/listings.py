"""Lists that are not personal: nearest to an article, and read most now."""

import time

from model_store import late_fusion
from service.catalogue.catalogue import RowIds
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.domain.recommendation import ListedItem, Listing
from service.errors import NotFound
from service.pipeline.candidates import trending as trending_rows
from service.pipeline.newsstand import Newsstand


def similar(
    newsstand: Newsstand, article_id: ArticleId, limit: int, filters: Filters | None
) -> Listing:
    """The live articles nearest to a live article, with their cosine. Raises NotFound."""
    catalogue = newsstand.catalogue
    catalogue.expire(time.time())
    rows = catalogue.rows([article_id])
    if not len(rows):
        raise NotFound(f"there is no article {article_id}")
    vector_D = catalogue.vectors(rows)[0]
    found = catalogue.nearest(vector_D, limit, catalogue.allowed(filters, [article_id]))
    scores = late_fusion.scores(catalogue.vectors(found), vector_D)
    return _listing(newsstand, found, scores.tolist())


def trending(newsstand: Newsstand, limit: int, filters: Filters | None) -> Listing:
    """What is read most now, with its time-decayed clicks; shorter than ``limit`` if little is."""
    catalogue = newsstand.catalogue
    catalogue.expire(time.time())
    allowed = catalogue.allowed(filters, [])
    rows, heat = trending_rows(catalogue, newsstand.popularity.weights(), limit, allowed)
    return _listing(newsstand, rows, heat.tolist())


def _listing(newsstand: Newsstand, rows: RowIds, scores: list[float]) -> Listing:
    ids = newsstand.catalogue.ids(rows)
    return Listing(
        model=newsstand.model.reference,
        items=[
            ListedItem(article_id=article_id, rank=rank, score=score)
            for rank, (article_id, score) in enumerate(zip(ids, scores, strict=True), 1)
        ],
    )

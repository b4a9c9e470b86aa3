"""Giving a state store what it has lost and this process still knows.

First what was withdrawn: so an article that another process still has, since it never heard of the
withdrawal, does not come back, whichever of the two is first. What the store knows of later stays.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from service.catalogue.catalogue import Catalogue
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.pipeline.newsstand import Newsstand
from service.pipeline.pieces import pieces
from service.ports import RowIds, StoredArticle


async def restore(newsstand: Newsstand) -> int:
    """Store and log all withdrawals and live articles as they are known here; how many articles
    that are. Raises Unavailable, and then the caller repeats.
    """
    catalogue = newsstand.catalogue
    rows = catalogue.live_rows()
    await give_back(newsstand, catalogue, rows, dict(catalogue.withdrawn))
    return len(rows)


async def give_back(
    newsstand: Newsstand,
    catalogue: Catalogue,
    rows: RowIds,
    withdrawn: Mapping[ArticleId, int],
) -> None:
    """Store and log these withdrawals and the articles in these rows. Raises Unavailable."""
    for piece in pieces(list(withdrawn)):
        await newsstand.articles.withdraw_again({a: withdrawn[a] for a in piece})
    for some in pieces(rows.tolist()):
        batch = _stored(catalogue, np.array(some, np.int64))
        inputs = [newsstand.model.inputs(stored.article) for stored in batch]
        await newsstand.articles.restore(batch, [given.digest() for given in inputs])


def _stored(catalogue: Catalogue, rows: RowIds) -> Sequence[StoredArticle]:
    return [
        StoredArticle(
            entry.article_id,
            Article.model_validate_json(document),
            entry.revision,
            entry.ingested,
            vector_D,
        )
        for entry, document, vector_D in zip(
            catalogue.entries(rows),
            catalogue.documents(rows),
            catalogue.vectors(rows),
            strict=True,
        )
        if document
    ]

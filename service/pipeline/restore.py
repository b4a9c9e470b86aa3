"""Giving a state store that lost its articles those which this process still has.

First what was withdrawn: so an article that another process still has, since it never heard of the
withdrawal, does not come back, whichever of the two is first.
"""

from collections.abc import Iterator, Sequence

from service.catalogue.catalogue import Catalogue
from service.domain.article import Article
from service.pipeline.newsstand import Newsstand
from service.pipeline.refill import ASKED_AT_ONCE, pieces
from service.ports import StoredArticle


async def restore(newsstand: Newsstand) -> int:
    """Store and log the withdrawals and live articles as they are known here, but where the store
    has later ones; how many articles are known. Raises Unavailable, and then the caller repeats.
    """
    catalogue, count = newsstand.catalogue, 0
    withdrawn = dict(catalogue.withdrawn)
    for piece in pieces(list(withdrawn)):
        await newsstand.articles.withdraw_again({a: withdrawn[a] for a in piece})
    for batch in _batches(catalogue):
        inputs = [newsstand.model.inputs(stored.article) for stored in batch]
        await newsstand.articles.restore(batch, [given.digest() for given in inputs])
        count += len(batch)
    return count


def _batches(catalogue: Catalogue) -> Iterator[Sequence[StoredArticle]]:
    rows = catalogue.live_rows()
    for first in range(0, len(rows), ASKED_AT_ONCE):
        piece = rows[first : first + ASKED_AT_ONCE]
        vectors_ND = catalogue.vectors(piece)
        yield [
            StoredArticle(
                entry.article_id,
                Article.model_validate_json(document),
                entry.revision,
                entry.ingested,
                vector_D,
            )
            for entry, document, vector_D in zip(
                catalogue.entries(piece), catalogue.documents(piece), vectors_ND, strict=True
            )
            if document
        ]

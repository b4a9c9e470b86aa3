"""Making a process's catalogue what is stored."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from model_store.inputs import NewsInputs
from service.catalogue.segment import Hashes, hashes_of
from service.domain.fields import ArticleId
from service.pipeline.encode import encode
from service.pipeline.newsstand import Newsstand
from service.pipeline.pieces import pieces
from service.pipeline.restore import give_back
from service.ports import StoredArticle, Vectors


async def reconcile(
    newsstand: Newsstand, known: Callable[[], Awaitable[None]], since: float = 0.0
) -> dict[ArticleId, int]:
    """Publish what was stored ``since`` then (s since 1970) and is not known here, encoding what
    has no vector of the active model; forget what is not stored any more; give the store back what
    is later here. Returns the articles that were not known, by revision.

    ``known`` raises Unavailable while the store is not the one that is known: what is missing
    there is not forgotten here. Raises Unavailable.
    """
    await known()
    seen: list[Hashes] = []
    news: dict[ArticleId, int] = {}
    async for article_ids in newsstand.articles.ids():
        seen.append(hashes_of([article_id.encode() for article_id in article_ids]))
        news |= await _compare(newsstand, article_ids, since)
    gone = newsstand.catalogue.gone(np.concatenate([np.empty(0, np.uint64), *seen]))
    await known()
    for piece in pieces(list(gone)):  # what came during the scan is not gone
        stored = await newsstand.articles.revisions(piece)
        for article_id, revision in zip(piece, stored, strict=True):
            if revision is None:
                newsstand.catalogue.withdraw(article_id, gone[article_id])
    return news


async def encode_missing(
    newsstand: Newsstand, batch: Sequence[StoredArticle]
) -> list[StoredArticle]:
    """The articles, each with a vector of its text: one that is missing is made and stored. Those
    that the model gives no vector for are left out.

    Raises Unavailable.
    """
    bare = without_vector(newsstand, batch)
    if not bare:
        return list(batch)
    made = await keep_encoded(newsstand, bare)
    lacking = {stored.article_id for stored, _ in bare} - made.keys()
    return [
        replace(stored, vector=made.get(stored.article_id, stored.vector))
        for stored in batch
        if stored.article_id not in lacking
    ]


def without_vector(
    newsstand: Newsstand, batch: Sequence[StoredArticle]
) -> list[tuple[StoredArticle, NewsInputs]]:
    """Those that have no vector, or one of another text, and what is to be encoded of them."""
    read = [(stored, newsstand.model.inputs(stored.article)) for stored in batch]
    return [(stored, given) for stored, given in read if stored.digest != given.digest()]


async def keep_encoded(
    newsstand: Newsstand,
    bare: Sequence[tuple[StoredArticle, NewsInputs]],
    *,
    in_background: bool = False,
) -> Mapping[ArticleId, Vectors]:
    """Encode the articles and store their vectors, unless they have changed; the vectors that the
    model gives. Raises Unavailable.
    """
    found = await encode(
        newsstand.encoder, [given for _, given in bare], in_background=in_background
    )
    made = [(stored, given) for stored, given in bare if given in found]
    if made:
        await newsstand.articles.keep_vectors(
            [stored for stored, _ in made],
            [given.digest() for _, given in made],
            np.stack([found[given] for _, given in made]),
        )
    return {stored.article_id: found[given] for stored, given in made}


async def _compare(
    newsstand: Newsstand, article_ids: Sequence[ArticleId], since: float
) -> dict[ArticleId, int]:
    stored = await newsstand.articles.revisions(article_ids)
    known = newsstand.catalogue.revisions(article_ids)
    compared = [(a, s, k) for a, s, k in zip(article_ids, stored, known, strict=True) if s]
    await _give_back(newsstand, {a: k for a, s, k in compared if s < k})
    earliest = 1e6 * since  # revisions are in µs
    return await _publish(newsstand, [a for a, s, k in compared if s > max(k, earliest)])


async def _give_back(newsstand: Newsstand, later: Mapping[ArticleId, int]) -> None:
    """The store fell back behind what it once acknowledged: it gets it again."""
    if later:
        catalogue = newsstand.catalogue
        rows = catalogue.find(list(later))
        gone = {a: k for (a, k), row in zip(later.items(), rows.tolist(), strict=True) if row < 0}
        await give_back(newsstand, catalogue, rows[rows >= 0], gone)


async def _publish(newsstand: Newsstand, wanted: Sequence[ArticleId]) -> dict[ArticleId, int]:
    now, published = newsstand.clock(), dict[ArticleId, int]()
    for piece in pieces(wanted):
        found = [
            one
            for one in await newsstand.articles.get(piece)
            if one is not None and newsstand.entry_of(one).expires > now
        ]
        newsstand.publish(await encode_missing(newsstand, found))
        published |= {one.article_id: one.revision for one in found}
    return published

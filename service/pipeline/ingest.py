"""Articles in: encode what is new, store, log, publish; withdraw."""

from collections.abc import Sequence

import numpy as np

from model_store.inputs import NewsInputs
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.pipeline.newsstand import Newsstand
from service.pipeline.patience import Patience, endless
from service.pipeline.stages import Stages
from service.ports import ArticleWrite, StoredArticle, Vectors, WriteStatus, Written

Incoming = tuple[ArticleId, Article]


async def ingest(
    newsstand: Newsstand,
    incoming: Sequence[Incoming],
    stages: Stages,
    patience: Patience = endless,
) -> list[WriteStatus]:
    """Store the articles and make them recommendable here; what became of each, in order.

    When this returns they are durable and this process recommends them. A text whose vector is
    stored already is not encoded again; encoding lasts as long as there is ``patience``. Raises
    Unavailable, and then the caller repeats: what was stored already is found unchanged; or
    ClientGone.
    """
    inputs = [newsstand.model.inputs(article) for _, article in incoming]
    with stages.stage("state"):
        known = await newsstand.articles.digests([article_id for article_id, _ in incoming])
    new = [i for i, given in enumerate(inputs) if known[i] != given.digest()]
    vectors: list[Vectors | None] = [None] * len(inputs)
    await _encode(newsstand, inputs, new, vectors, stages, patience)
    written = await _store(newsstand, incoming, inputs, vectors, stages, patience)
    with stages.stage("publish"):
        await _publish(newsstand, incoming, written, vectors)
    return [result.status for result in written]


async def withdraw(newsstand: Newsstand, article_id: ArticleId) -> None:
    """Withdraw the article, stored or not: gone here at once and everywhere within a second.

    Raises Unavailable.
    """
    revision = await newsstand.articles.withdraw(article_id)
    newsstand.catalogue.withdraw(article_id, revision)


async def _encode(
    newsstand: Newsstand,
    inputs: Sequence[NewsInputs],
    positions: Sequence[int],
    vectors: list[Vectors | None],
    stages: Stages,
    patience: Patience,
) -> None:
    if positions:
        distinct = list(dict.fromkeys(inputs[i] for i in positions))
        with stages.stage("encode"):
            encoded_ND = await patience(newsstand.encoder.encode(distinct))
        vector_of = dict(zip(distinct, encoded_ND, strict=True))
        for i in positions:
            vectors[i] = vector_of[inputs[i]]


async def _store(
    newsstand: Newsstand,
    incoming: Sequence[Incoming],
    inputs: Sequence[NewsInputs],
    vectors: list[Vectors | None],
    stages: Stages,
    patience: Patience,
) -> list[Written]:
    """Store all; where another writer changed an article meanwhile, encode ours after all."""
    results: list[Written | None] = [None] * len(incoming)
    missing = list(range(len(incoming)))
    while missing:
        writes = [ArticleWrite(*incoming[i], inputs[i].digest(), vectors[i]) for i in missing]
        with stages.stage("state"):
            for i, result in zip(missing, await newsstand.articles.put(writes), strict=True):
                results[i] = result
        missing = [i for i in missing if results[i] is None]
        await _encode(newsstand, inputs, missing, vectors, stages, patience)
    return [result for result in results if result is not None]


async def _publish(
    newsstand: Newsstand,
    incoming: Sequence[Incoming],
    written: Sequence[Written],
    vectors: Sequence[Vectors | None],
) -> None:
    catalogue = newsstand.catalogue
    here = catalogue.revisions([article_id for article_id, _ in incoming])
    news = [i for i, result in enumerate(written) if result.revision > here[i]]
    wanted = [incoming[i][0] for i in news if vectors[i] is None]
    stored = await newsstand.articles.vectors(wanted) if wanted else {}
    newsstand.publish(
        [
            StoredArticle(
                incoming[i][0],
                incoming[i][1],
                written[i].revision,
                written[i].ingested_at,
                vectors[i] if vectors[i] is not None else np.asarray(stored[incoming[i][0]]),
            )
            for i in news
            if vectors[i] is not None or incoming[i][0] in stored
        ]
    )

"""Filling a process's catalogue from what is stored."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from service.pipeline.newsstand import Newsstand
from service.ports import StoredArticle


async def refill(newsstand: Newsstand, stored: AsyncIterator[Sequence[StoredArticle]]) -> None:
    """Publish every stored article, encoding those without a vector of the active model.

    Raises Unavailable.
    """
    async for batch in stored:
        newsstand.publish(await encode_missing(newsstand, batch))


async def encode_missing(
    newsstand: Newsstand, batch: Sequence[StoredArticle]
) -> list[StoredArticle]:
    """The articles, each with a vector: one that is missing is made and stored.

    Raises Unavailable.
    """
    bare = [article for article in batch if article.vector is None]
    if not bare:
        return list(batch)
    inputs = [newsstand.model.inputs(article.article) for article in bare]
    vectors_ND = await newsstand.encoder.encode(inputs)
    digests = [given.digest() for given in inputs]
    await newsstand.articles.keep_vectors(bare, digests, vectors_ND)
    made = dict(zip((a.article_id for a in bare), vectors_ND, strict=True))
    return [replace(a, vector=made.get(a.article_id, a.vector)) for a in batch]

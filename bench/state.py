"""A state store full of articles and readers, written through the service's own adapters."""

import time

import numpy as np

from model_store.inputs import NewsInputs
from model_store.manifest import Manifest
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.domain.article import Article
from service.domain.event import Event, EventType
from service.domain.fields import ArticleId
from service.ports import ArticleWrite

ARTICLES = 100_000
READERS = 10_000
CLICKS = 50
BATCH = 1_000
CLUSTERS = 500


def article_id(number: int) -> ArticleId:
    """An id of eight characters."""
    return ArticleId(f"a{number:07d}")


def reader_id(number: int) -> str:
    """An id of eight characters."""
    return f"r{number:07d}"


async def fill(
    connection: Connection, readers: RedisReaders, manifest: Manifest, articles: int, users: int
) -> None:
    """Store ``articles`` articles and ``users`` readers of 50 clicks each."""
    rng = np.random.default_rng(5)
    store = RedisArticles(
        connection, model=manifest.reference, article_seconds=86_400, vector_seconds=86_400
    )
    centres = rng.standard_normal((CLUSTERS, manifest.dimension))
    for first in range(0, articles, BATCH):
        await store.put(made(rng, centres, range(first, min(first + BATCH, articles))))
    now = int(time.time() * 1000)
    for number in range(users):
        clicked = rng.integers(articles, size=CLICKS).tolist()
        events = [
            Event(user_id=reader_id(number), article_id=article_id(one), type="click")
            for one in clicked
        ]
        await readers.record(events, now)


async def act(readers: RedisReaders, user_id: str, kind: EventType, number: int) -> None:
    """One more event of a reader."""
    event = Event(user_id=user_id, article_id=article_id(number), type=kind)
    await readers.record([event], int(time.time() * 1000))


def made(rng: np.random.Generator, centres: np.ndarray, numbers: range) -> list[ArticleWrite]:
    """Articles with vectors around some of the ``centres``."""
    vectors = centres[rng.integers(len(centres), size=len(numbers))]
    vectors = vectors + rng.standard_normal(vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        ArticleWrite(
            article_id(number),
            Article(
                title=f"Article {number}",
                category=f"c{number % 12}",
                source=f"s{number % 7}",
                language="en",
            ),
            NewsInputs(f"Article {number}").digest(),
            vector.astype(np.float16),
        )
        for number, vector in zip(numbers, vectors, strict=True)
    ]

"""A store with something of everything, for exports to hold."""

import time
from datetime import UTC, datetime

import numpy as np

from model_store.inputs import NewsInputs
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.domain.article import Article
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.domain.served import Drawn, ServedList
from service.ports import ArticleWrite

RNG = np.random.default_rng(3)


def articles(connection: Connection, model: str = "m@1") -> RedisArticles:
    return RedisArticles(connection, model=model, article_seconds=9_000, vector_seconds=9_000)


def readers(connection: Connection) -> RedisReaders:
    return RedisReaders(connection, model="m@1", history_length=5, reader_seconds=9_000)


def write(name: str, title: str = "", **fields: object) -> ArticleWrite:
    article = Article.model_validate({"title": title or f"Story {name}", **fields})
    digest = NewsInputs(article.title).digest()
    return ArticleWrite(ArticleId(name), article, digest, RNG.standard_normal(8).astype(np.float16))


async def fill(connection: Connection, articles_: int = 30, readers_: int = 20) -> None:
    """Articles (one withdrawn) under two models; readers with everything that can be stored."""
    await _fill_articles(connection, articles_)
    store = readers(connection)
    for number in range(readers_):
        await _fill_reader(store, UserId(f"reader-{number}"), articles_)
    await store.record([Event(user_id="seen:only", article_id="a1", type="impression")], now_ms())
    await RedisPopularity(connection).count(1)


async def _fill_articles(connection: Connection, count: int) -> None:
    store, other = articles(connection), articles(connection, "other@2")
    rich = {
        "published_at": "2026-05-01T08:00:00.5+02:00",
        "expires_at": datetime.fromtimestamp(time.time() + 5_000, UTC),
        "attributes": {"wide": [1, 2.5, {"é": True}]},
        "entities": [{"label": "Berlin", "score": 0.25}],
    }
    writes = [write(f"a{number}", category="x") for number in range(count)]
    await store.put([*writes, write("rich", **rich), write("gone")])
    stored = [found for found in await store.get([w.article_id for w in writes]) if found]
    vectors = RNG.standard_normal((len(stored), 4)).astype(np.float16)
    await other.keep_vectors(stored[::2], [w.digest for w in writes[::2]], vectors[::2])
    await store.withdraw(ArticleId("gone"))


async def _fill_reader(store: RedisReaders, user_id: UserId, articles_: int) -> None:
    served = ServedList(
        "list-1",
        now_ms(),
        "default",
        "layout",
        "wide",
        (ArticleId("a1"), ArticleId("a2")),
        (Drawn(ArticleId("a2"), 1 / 3, ("wide", "narrow"), ("wide",)),),
    )
    store.remember_served(user_id, served)
    clicked = [f"a{number}" for number in RNG.integers(articles_, size=8)]
    events = [
        *(("click", article, None) for article in clicked),
        ("impression", "a1", "list-1"),
        ("click", "a2", "list-1"),
        ("impression", "a5", None),
        ("like", "a3", None),
        ("hide", "a4", None),
    ]
    await store.record(
        [
            Event(
                user_id=user_id,
                article_id=article,
                type=kind,
                event_id=f"{user_id}-{number}",
                recommendation_id=named,
                dwell_seconds=7.5 if kind == "click" else None,
            )
            for number, (kind, article, named) in enumerate(events)
        ],
        now_ms(),
    )
    reader = await store.read(user_id)
    vector = RNG.standard_normal(8).astype(np.float16)
    await store.remember_vector(user_id, reader.version, vector)


def now_ms() -> int:
    return int(time.time() * 1000)

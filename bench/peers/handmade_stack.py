"""The hand-made recommender as a stack; ``bench.peers.handmade`` is its code."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import redis.asyncio as redis

from bench.peers.stack import Click, Command, Stack
from bench.state import BATCH, CLICKS, CLUSTERS, article_id, made, reader_id


@dataclass(frozen=True)
class Handmade(Stack):
    """Runs with ``python``; ``model`` is a sentence-transformers folder, ``index`` flat or hnsw."""

    python: Path
    model: Path
    index: str
    dimension: int

    @classmethod
    def of(cls, folder: Path, python: Path, model: Path, index: str, dimension: int) -> "Handmade":
        """The stack with its own paths."""
        return cls(f"hand-made, {index}", folder, "", python, model, index, dimension)

    async def fill(self, url: str, articles: int, readers: int) -> None:
        """See ``Stack``: the vectors and the clicks that ``bench.state.fill`` draws."""
        store, rng = redis.from_url(url), np.random.default_rng(5)
        centres = rng.standard_normal((CLUSTERS, self.dimension))
        for first in range(0, articles, BATCH):
            async with store.pipeline(transaction=False) as pipe:
                for one in made(rng, centres, range(first, min(first + BATCH, articles))):
                    assert one.vector is not None
                    vector = one.vector.astype(np.float32).tobytes()
                    fields: list[str | bytes] = ["title", one.article.title, "vector", vector]
                    pipe.hset(f"article:{one.article_id}", items=fields)
                    pipe.sadd("articles", one.article_id)
                await pipe.execute()
        for first in range(0, readers, BATCH):
            async with store.pipeline(transaction=False) as pipe:
                for number in range(first, min(first + BATCH, readers)):
                    clicked = rng.integers(articles, size=CLICKS).tolist()
                    pipe.lpush(f"history:{reader_id(number)}", *map(article_id, clicked))
                await pipe.execute()
        await store.aclose()

    @asynccontextmanager
    async def clicking(self, url: str) -> AsyncIterator[Click]:
        """See ``Stack``."""
        store = redis.from_url(url)

        async def click(user_id: str, number: int) -> None:
            async with store.pipeline() as pipe:
                pipe.lpush(f"history:{user_id}", article_id(number))
                pipe.ltrim(f"history:{user_id}", 0, CLICKS - 1)
                await pipe.execute()

        yield click
        await store.aclose()

    def command(self, url: str, threads: int) -> Command:
        """See ``Stack``."""
        arguments = ["--redis-url", url, "--model", str(self.model), "--index", self.index]
        return Command("bench.peers.handmade", [*arguments, "--threads", str(threads)], self.python)

    def wishes(self) -> Mapping[str, object]:
        """See ``Stack``."""
        return {}

    def event(self) -> Mapping[str, object]:
        """See ``Stack``."""
        return {}

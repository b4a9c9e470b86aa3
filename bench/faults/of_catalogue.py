"""Faults of what a process holds: its catalogue, its generations on disk, its place in the log."""

import asyncio
import random
import time
from pathlib import Path
from typing import Final

import numpy as np

from bench.faults.fault import Artefact, Fault, Stage
from bench.faults.service import Service, connection, hang, wake
from bench.faults.stages import embedded, on_redis
from model_store.inputs import NewsInputs
from service.adapters.redis import keys
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.background.generations import SEALED_AT_ROWS
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.ports import ArticleWrite

AWAY_SECONDS: Final = (1.0, 2.0)
DEADLINE_SECONDS: Final = 60.0
PIECE: Final = 500
DIMENSION: Final = 384
YEAR: Final = 365 * 86_400


async def torn(stage: Stage, rng: random.Random) -> None:
    """A power cut: the service ends, and a file of the newest generation is cut short."""
    (service,) = stage.services
    await bulk(stage, rng)
    await _sealed(service)
    service.kill()
    files = [path for path in _files(service) if path.stat().st_size > 1]
    path = rng.choice(files)
    with path.open("r+b") as file:
        file.truncate(rng.randrange(path.stat().st_size))
    service.launch()


async def killed_while_sealing(stage: Stage, rng: random.Random) -> None:
    """The service ends while a segment is being written."""
    (service,) = stage.services
    filling = asyncio.create_task(bulk(stage, rng))
    await asyncio.to_thread(_killed_while_staged, service, rng.uniform(0, 0.03))
    await filling
    service.launch()


async def away_for_long(stage: Stage, rng: random.Random) -> None:
    """A replica sleeps while the log loses what it has not read."""
    hang(stage.services[1].pid)
    await asyncio.sleep(rng.uniform(*AWAY_SECONDS))
    stage.servers[0].ask("XTRIM", keys.ARTICLE_LOG, "MAXLEN", 0)
    wake(stage.services[1].pid)


async def bulk(stage: Stage, rng: random.Random) -> None:
    """So many articles, their vectors given, that a generation is due."""
    vectors = np.random.default_rng(rng.randrange(2**32)).standard_normal((PIECE, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = Connection(stage.url)
    try:
        await store.open()
        articles = _articles(store, stage.artefact)
        for _ in range(0, SEALED_AT_ROWS, PIECE):
            first = stage.ledger.bulk
            await articles.put(
                [
                    _write(first + place, vector_D.astype(np.float16))
                    for place, vector_D in enumerate(vectors)
                ]
            )
            stage.ledger.bulk += PIECE
    finally:
        await store.close()


def _articles(store: Connection, artefact: Artefact) -> RedisArticles:
    return RedisArticles(store, model=artefact.reference, article_seconds=YEAR, vector_seconds=YEAR)


def _write(number: int, vector_D: np.ndarray) -> ArticleWrite:
    article = Article(title=f"Bulk {number}", category="bulk")
    digest = NewsInputs(article.title).digest()
    return ArticleWrite(ArticleId(f"bulk{number}"), article, digest, vector_D)


def _killed_while_staged(service: Service, after_seconds: float) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not any(service.data_dir.glob("catalogue/**/segments/*.staged")):
        if time.monotonic() > deadline:
            raise TimeoutError("no generation was sealed")
        time.sleep(0.001)
    time.sleep(after_seconds)
    service.kill()


async def _sealed(service: Service) -> None:
    """Wait until a generation holds all but a small tail."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    async with connection(service) as client:
        while (await client.get("/health/live")).json()["articles"] < SEALED_AT_ROWS:
            if time.monotonic() > deadline:
                raise TimeoutError("the articles did not come")
            await asyncio.sleep(0.02)
    while not any(service.data_dir.glob("catalogue/**/segments/*/segment.json")):
        if time.monotonic() > deadline:
            raise TimeoutError("no generation was sealed")
        await asyncio.sleep(0.02)


def _files(service: Service) -> list[Path]:
    """All that the generations on disk consist of."""
    found = {path for path in service.data_dir.glob("catalogue/**/*") if path.is_file()}
    return sorted(path for path in found if path.name != "store.json")


FAULTS: Final = (
    Fault("snapshot torn at restart", "one service with thousands of articles", embedded(), torn),
    Fault(
        "killed while a generation is sealed",
        "one service with thousands of articles",
        embedded(),
        killed_while_sealing,
    ),
    Fault(
        "a replica sleeps beyond the log",
        "two replicas, Redis",
        on_redis(replicas=2),
        away_for_long,
    ),
)

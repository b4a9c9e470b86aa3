"""A primary that dies in mid-write, and what ``replicated`` promises of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from model_store.inputs import NewsInputs
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.domain.article import Article
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.errors import Unavailable
from service.ports import ArticleWrite
from tests.connections import acknowledged, connected, eventually, refused
from tests.forwarder import Forwarder
from tests.redis_servers import Server, promote, replicated

WRITERS = 8


def readers(connection: Connection) -> RedisReaders:
    return RedisReaders(connection, model="m@1", history_length=1_000, reader_seconds=1000)


def articles(connection: Connection) -> RedisArticles:
    return RedisArticles(connection, model="m@1", article_seconds=1000, vector_seconds=1000)


def put(connection: Connection, name: str) -> Callable[[], Awaitable[object]]:
    vector = np.ones(4, np.float16)
    write = ArticleWrite(ArticleId(name), Article(title=name), NewsInputs(name).digest(), vector)
    return lambda: articles(connection).put([write])


def click(connection: Connection, user: str, article: str) -> Callable[[], Awaitable[object]]:
    event = Event(user_id=user, article_id=article, type="click", event_id=f"{user}-{article}")
    return lambda: readers(connection).record([event], int(time.time() * 1000))


async def write_on(connection: Connection, writer: int, known: list[str]) -> None:
    """Put and click articles until the store is away; what was acknowledged is in ``known``."""
    while True:
        name = f"a{writer}-{len(known)}"
        try:
            await put(connection, name)()
            await click(connection, f"u{writer}", name)()
        except Unavailable:
            return
        known.append(name)


async def is_there(connection: Connection, known: list[list[str]]) -> bool:
    """Whether every acknowledged article and click is in the store."""
    for writer, names in enumerate(known):
        reader = await readers(connection).read(UserId(f"u{writer}"))
        if list(reader.clicked[: len(names)]) != names:
            return False
        if None in await articles(connection).get([ArticleId(name) for name in names]):
            return False
    return True


def test_no_acknowledged_write_is_lost_when_the_primary_dies_in_mid_write(tmp_path: Path) -> None:
    async def story(primary: Server, replica: Server, address: Forwarder) -> None:
        async with connected(address.url, durability="replicated") as connection:
            known: list[list[str]] = [[] for _ in range(WRITERS)]
            writing = [
                asyncio.create_task(write_on(connection, writer, names))
                for writer, names in enumerate(known)
            ]

            async def enough() -> bool:
                return min(map(len, known)) > 20

            await eventually(enough)
            primary.kill()
            await asyncio.gather(*writing)
            promote(replica)
            address.lead_to(replica)

            async def readable() -> bool:
                try:
                    return await is_there(connection, known)
                except Unavailable:
                    return False

            await eventually(readable)

    with replicated(tmp_path) as (primary, replica), Forwarder(primary) as address:
        asyncio.run(story(primary, replica, address))


def test_a_promoted_server_at_the_same_address_is_found(tmp_path: Path) -> None:
    async def story(primary: Server, replica: Server) -> None:
        async with connected(primary.url) as connection:
            await click(connection, "u", "a")()
            primary.kill()
            promote(replica)
            moved = Server(tmp_path / "moved", port=primary.port)
            with moved:
                moved.ask("REPLICAOF", "127.0.0.1", replica.port)

                async def has_it() -> bool:
                    return bool(moved.ask("DBSIZE"))

                await eventually(has_it)
                promote(moved)
                await acknowledged(click(connection, "u", "b"))
                assert (await readers(connection).read(UserId("u"))).clicked == ("a", "b")

    with replicated(tmp_path) as (primary, replica):
        asyncio.run(story(primary, replica))


def test_without_a_replica_that_answers_nothing_is_acknowledged_also_when_repeated(
    tmp_path: Path,
) -> None:
    async def story(primary: Server, replica: Server) -> None:
        async with connected(primary.url, durability="replicated") as connection:
            await put(connection, "a")()
            user = UserId("u")
            with replica.hung():
                for _ in range(2):  # the second changes nothing more, and yet must wait
                    said = await refused(
                        put(connection, "b")(),
                        click(connection, "u", "a")(),
                        articles(connection).withdraw(ArticleId("a")),
                        readers(connection).erase(UserId("other")),
                    )
                    assert all("replica" in text for text in said)
                vector = np.ones(4, np.float16)
                version = (await readers(connection).read(user)).version
                await readers(connection).remember_vector(user, version, vector)
            await put(connection, "b")()
            await click(connection, "u", "a")()
            assert (await readers(connection).read(user)).clicked == ("a",)
            assert [one.openings for one in connection.breakers().values()] == [0]

    with replicated(tmp_path) as (primary, replica):
        asyncio.run(story(primary, replica))

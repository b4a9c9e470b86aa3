"""A Redis Cluster while slots move and masters die."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from redis.crc import key_slot

from model_store.inputs import NewsInputs
from service.adapters.redis import keys
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import HOUR, RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.domain.article import Article
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.errors import Unavailable
from service.ports import ArticleWrite
from tests.connections import acknowledged, connected, eventually
from tests.redis_servers import Cluster, Server, cluster, until

READERS = [UserId(f"u{number}") for number in range(40)]


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path) as running:
        yield running


def readers(connection: Connection) -> RedisReaders:
    return RedisReaders(connection, model="m@1", history_length=1_000, reader_seconds=1000)


def articles(connection: Connection) -> RedisArticles:
    return RedisArticles(connection, model="m@1", article_seconds=1000, vector_seconds=1000)


def put(connection: Connection, number: int) -> Callable[[], Awaitable[object]]:
    article = Article(title=f"t{number}")
    digest = NewsInputs(article.title).digest()
    write = ArticleWrite(ArticleId(f"a{number}"), article, digest, np.ones(4, np.float16))
    return lambda: articles(connection).put([write])


def click(connection: Connection, number: int) -> Callable[[], Awaitable[object]]:
    user, article = READERS[number % len(READERS)], f"a{number}"
    event = Event(user_id=user, article_id=article, type="click", event_id=f"e{number}")
    return lambda: readers(connection).record([event], int(time.time() * 1000))


class Traffic:
    """A stream of articles and clicks, each repeated until it is acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.enough = asyncio.Event()

    async def run(self, connection: Connection) -> None:
        while not self.enough.is_set():
            number = self.acknowledged
            await acknowledged(put(connection, number))
            await acknowledged(click(connection, number))
            self.acknowledged += 1

    async def is_all_there(self, connection: Connection) -> None:
        """Every acknowledged article stands in the store, every click in its history, once."""
        everything = [ArticleId(f"a{number}") for number in range(self.acknowledged)]
        assert None not in await articles(connection).get(everything)
        for place, user in enumerate(READERS):
            reader = await readers(connection).read(user)
            mine = [f"a{n}" for n in range(place, self.acknowledged, len(READERS))]
            assert list(reader.clicked[: len(mine)]) == mine
            assert len(reader.clicked) - len(mine) in (0, 1)  # the last may lack its answer


@asynccontextmanager
async def traffic(connection: Connection) -> AsyncIterator[Traffic]:
    """Traffic while the block runs."""
    going = Traffic()
    task = asyncio.create_task(going.run(connection))
    try:
        yield going
        going.enough.set()
        await task
    finally:
        task.cancel()


async def counted(connection: Connection, clicks: int) -> None:
    """Wait until the counters hold so many clicks, and see that each is there once."""
    popularity, hour = RedisPopularity(connection), int(time.time()) // HOUR
    everything = {f"a{number}": 1.0 for number in range(clicks)}
    found: dict[str, float] = {}

    async def are() -> bool:
        await acknowledged(lambda: popularity.count(50))
        for of in (hour - 1, hour, hour + 1):
            pairs = await connection.send("ZRANGE", keys.counter("click", of), 0, -1, "WITHSCORES")
            found.update(
                {a.decode(): float(n) for a, n in zip(pairs[::2], pairs[1::2], strict=True)}
            )
        return found.keys() >= everything.keys()

    await eventually(are)
    assert await are()
    found.pop(f"a{clicks}", None)  # the last may lack its answer
    assert found == everything


def slots() -> list[int]:
    """Some slots in which things happen: readers, the log, the counters, articles."""
    partitions = [keys.partition(user) for user in READERS[:12]]
    busy = [*(keys.history(user) for user in READERS[:12]), keys.ARTICLE_LOG, keys.COUNTED]
    assert len(set(partitions)) > 4
    some = [keys.article(ArticleId(f"a{number}")) for number in range(10)]
    return sorted({key_slot(key.encode()) for key in [*busy, *some]})


def moved(running: Cluster, step: Callable[[Server, int, Server], None]) -> None:
    for number, slot in enumerate(slots()):
        source = next(server for server in running.masters if running.owns(server, slot))
        target = running.masters[(running.masters.index(source) + 1 + number % 2) % 3]
        step(source, slot, target)


def test_nothing_is_lost_or_counted_twice_while_slots_move_key_by_key(three: Cluster) -> None:
    async def story() -> None:
        async with connected(three.url) as connection:
            async with traffic(connection) as going:
                await eventually(lambda: reached(going, 60))
                await asyncio.to_thread(
                    moved, three, lambda source, slot, to: three.move(slot, source, to)
                )
                so_far = going.acknowledged
                await eventually(lambda: reached(going, so_far + 40))
            await going.is_all_there(connection)
            await counted(connection, going.acknowledged)
            found = {key async for key in connection.scan(b"ns:article:*")}
            assert len(found) >= going.acknowledged

    asyncio.run(story())


def test_nothing_is_lost_or_counted_twice_while_slots_move_whole(three: Cluster) -> None:
    async def story() -> None:
        async with connected(three.url) as connection:
            async with traffic(connection) as going:
                await eventually(lambda: reached(going, 60))
                await asyncio.to_thread(moved, three, three.move_whole)
                so_far = going.acknowledged
                await eventually(lambda: reached(going, so_far + 40))
            await going.is_all_there(connection)
            await counted(connection, going.acknowledged)

    asyncio.run(story())


def test_a_reader_whose_keys_are_on_two_nodes_is_read(three: Cluster) -> None:
    """In the middle of a move: some keys here, some there, and some nowhere."""

    async def story() -> None:
        async with connected(three.url) as connection:
            user = READERS[0]
            for number in range(0, 3 * len(READERS), len(READERS)):
                await click(connection, number)()
            hide = Event(user_id=user, article_id="h", type="hide")
            await readers(connection).record([hide], int(time.time() * 1000))
            before = await readers(connection).read(user)
            slot = key_slot(keys.history(user).encode())
            source = three.owner(keys.history(user))
            target = next(server for server in three.masters if server is not source)
            for _ in three.moving(slot, source, target, at_once=1):
                assert await readers(connection).read(user) == before
            assert three.owner(keys.history(user)) is target
            assert await readers(connection).read(user) == before

    asyncio.run(story())


def test_without_one_master_its_slots_are_away_and_all_others_go_on(three: Cluster) -> None:
    async def story() -> None:
        async with connected(three.url) as connection:
            dead = three.owner(keys.history(READERS[0]))
            gone = [user for user in READERS if three.owner(keys.history(user)) is dead]
            there = [user for user in READERS if user not in gone]
            assert there
            for number in range(len(READERS)):
                await click(connection, number)()
            dead.kill()
            for _ in range(3):
                for user in gone:
                    with pytest.raises(Unavailable):
                        await readers(connection).read(user)
            for user in there:
                assert (await readers(connection).read(user)).clicked
                await click(connection, len(READERS) + READERS.index(user))()
            states = {str(name): one.state for name, one in connection.breakers().items()}
            assert states.pop(f"127.0.0.1:{dead.port}") == "open"
            assert set(states.values()) == {"closed"}
            await connection.send("PING")

    asyncio.run(story())


def test_no_acknowledged_write_is_lost_when_a_replica_takes_over(tmp_path: Path) -> None:
    async def story(running: Cluster) -> None:
        async with connected(running.url, durability="replicated") as connection:
            dead = running.owner(keys.ARTICLE_LOG)
            async with traffic(connection) as going:
                await eventually(lambda: reached(going, 60))
                dead.kill()
                so_far = going.acknowledged
                await asyncio.to_thread(until, lambda: running.has_taken_over(dead))
                await asyncio.to_thread(dead.start)  # comes back as the replica of its replica
                await eventually(lambda: reached(going, so_far + 60))
            await going.is_all_there(connection)
            await counted(connection, going.acknowledged)

    with cluster(tmp_path, replicas=1) as running:
        asyncio.run(story(running))


def test_counting_waits_between_its_looks(three: Cluster) -> None:
    async def story() -> None:
        async with connected(three.url) as connection:
            popularity, started = RedisPopularity(connection), time.perf_counter()
            for _ in range(3):
                await popularity.count(100)
            assert time.perf_counter() - started > 3 * 0.1
            await click(connection, 1)()
            await popularity.count(100)
            await popularity.refresh()
            assert popularity.heat(48, 6.0, 0.0).hottest == ("a1",)

    asyncio.run(story())


async def reached(going: Traffic, count: int) -> bool:
    return going.acknowledged >= count

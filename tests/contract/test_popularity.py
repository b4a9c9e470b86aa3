"""Popularity: every click once, decayed by its own time, whoever counts and whoever dies."""

import asyncio
import time

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import HOUR, RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from tests.contract.conftest import Run


async def clicks(connection: Connection, *pairs: tuple[str, str]) -> None:
    readers = RedisReaders(connection, model="m@1", history_length=50, reader_seconds=1000)
    events = [Event(user_id=user, article_id=article, type="click") for user, article in pairs]
    await readers.record(events, int(time.time() * 1000))


def test_clicks_are_counted_once_whoever_counts(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        pairs = [(f"u{number}", f"a{number % 3}") for number in range(300)]
        await clicks(connection, *pairs)
        counters = [RedisPopularity(connection) for _ in range(4)]
        await asyncio.gather(*(counter.count(1) for counter in counters))
        await counters[0].count(1)
        await counters[3].refresh()
        weights = counters[3].weights()
        assert set(weights) == {"a0", "a1", "a2"}
        assert max(weights.values()) - min(weights.values()) < 1e-9
        assert 90 < weights["a0"] <= 100

    with_store(story)


def test_a_piece_counted_before_a_crash_is_not_counted_again(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        await clicks(connection, ("u", "a"), ("u", "a"))
        outbox = keys.outbox(keys.partition(UserId("u")))
        left = await connection.send("DUMP", outbox)
        popularity = RedisPopularity(connection)
        await popularity.count(1)
        # A process that dies between counting and trimming leaves the outbox as it was.
        await connection.send("RESTORE", outbox, 0, left, "REPLACE")
        await popularity.count(1)
        await popularity.refresh()
        assert 1.8 < popularity.weights()[ArticleId("a")] <= 2

    with_store(story)


def test_older_clicks_weigh_less_by_the_half_life(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        hour = int(time.time()) // HOUR
        for article, age in (("now", 0), ("six", 6), ("twelve", 12)):
            await connection.send("ZINCRBY", keys.counter("click", hour - age), 1, article)
        popularity = RedisPopularity(connection)
        await popularity.refresh()
        weights = popularity.weights()
        assert 0.49 < weights["six"] / weights["now"] < 0.53
        assert abs(weights["twelve"] / weights["six"] - 0.5) < 1e-9

    with_store(story)


def test_counted_entries_leave_the_outbox(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        await clicks(connection, ("u", "a"))
        outbox = keys.outbox(keys.partition(UserId("u")))
        assert await connection.send("XLEN", outbox) == 1
        await RedisPopularity(connection).count(1)
        assert await connection.send("XLEN", outbox) == 0

    with_store(story)

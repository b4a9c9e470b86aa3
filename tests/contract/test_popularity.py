"""Popularity: every click once, decayed by its own time, whoever counts and whoever dies."""

import asyncio
import time
from datetime import UTC, datetime

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import HOUR, RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from tests.contract.conftest import Run

WINDOW = (48, 6.0, 0.0)
CLICK = {"user_id": "u", "type": "click"}


async def clicked(connection: Connection, *events: Event) -> None:
    readers = RedisReaders(connection, model="m@1", history_length=50, reader_seconds=1000)
    await readers.record(events, int(time.time() * 1000))


async def clicks(connection: Connection, *pairs: tuple[str, str]) -> None:
    events = [Event(user_id=user, article_id=article, type="click") for user, article in pairs]
    await clicked(connection, *events)


async def counted(connection: Connection) -> RedisPopularity:
    popularity = RedisPopularity(connection)
    await popularity.count(1)
    await popularity.refresh()
    return popularity


def test_clicks_are_counted_once_whoever_counts(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        pairs = [(f"u{number}", f"a{number % 3}") for number in range(300)]
        await clicks(connection, *pairs)
        counters = [RedisPopularity(connection) for _ in range(4)]
        await asyncio.gather(*(counter.count(1) for counter in counters))
        await counters[0].count(1)
        await counters[3].refresh()
        heat = counters[3].heat(*WINDOW)
        assert set(heat.hottest) == {"a0", "a1", "a2"}
        weights = heat.of(heat.hottest)
        assert weights.max() - weights.min() < 1e-9
        assert 90 < heat.highest <= 100

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
        assert 1.8 < popularity.heat(*WINDOW).of([ArticleId("a")])[0] <= 2

    with_store(story)


def test_older_clicks_weigh_less_by_the_half_life(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        hour = int(time.time()) // HOUR
        for article, age in (("now", 0), ("six", 6), ("twelve", 12)):
            timestamp = datetime.fromtimestamp((hour - age) * HOUR, UTC)
            await clicked(connection, Event(**CLICK, article_id=article, timestamp=timestamp))
        popularity = await counted(connection)
        now, six, twelve = popularity.heat(*WINDOW).of(["now", "six", "twelve"])
        assert 0.49 < six / now < 0.53
        assert abs(twelve / six - 0.5) < 1e-9
        assert popularity.heat(8, 6.0, 0.0).hottest == ("now", "six")

    with_store(story)


def test_counted_entries_leave_the_outbox(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        await clicks(connection, ("u", "a"))
        outbox = keys.outbox(keys.partition(UserId("u")))
        assert await connection.send("XLEN", outbox) == 1
        await RedisPopularity(connection).count(1)
        assert await connection.send("XLEN", outbox) == 0

    with_store(story)


def test_minutes_read_can_stand_in_for_clicks(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        short = Event(**CLICK, article_id="short", dwell_seconds=6)
        await clicked(
            connection, *[short] * 5, Event(**CLICK, article_id="long", dwell_seconds=300)
        )
        popularity = await counted(connection)
        assert popularity.heat(48, 6.0, 0.0).hottest == ("short", "long")
        assert popularity.heat(48, 6.0, 1.0).hottest == ("long", "short")

    with_store(story)


def test_exposure_counts_clicks_and_impressions_of_a_week(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        seen = Event(user_id="u", article_id="a", type="impression")
        await clicked(connection, *[seen] * 3, Event(**CLICK, article_id="a"))
        exposure = (await counted(connection)).exposure()
        clicks_of, impressions_of = exposure.of(["a", "never"])
        assert clicks_of.tolist() == [1, 0]
        assert impressions_of.tolist() == [3, 0]

    with_store(story)


def test_what_is_counted_later_is_seen_though_the_hour_is_long_past(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        popularity = await counted(connection)
        hour = int(time.time()) // HOUR
        for age in (0, 30, 100):
            timestamp = datetime.fromtimestamp((hour - age) * HOUR, UTC)
            await clicked(connection, Event(**CLICK, article_id=f"a{age}", timestamp=timestamp))
            await popularity.count(1)
            await popularity.refresh()
        assert set(popularity.heat(168, 24.0, 0.0).hottest) == {"a0", "a30", "a100"}

    with_store(story)

"""How far a process is behind: the article log, and the readers' outboxes."""

import time

from service.adapters.redis.article_log import READ_AT_ONCE, ArticleLog, logged
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.domain.event import Event
from service.domain.fields import ArticleId
from tests.contract.conftest import Run


def test_the_log_says_how_much_is_left_and_until_when_it_was_read(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        log = ArticleLog(connection)
        for number in range(READ_AT_ONCE + 7):
            await logged(connection, "put", [(ArticleId(f"a{number}"), number + 1)])
        first = await log.log_after(b"0-0", 1)
        assert (len(first.changes), first.left) == (READ_AT_ONCE, 7)
        assert abs(time.time() - first.moment) < 60
        rest = await log.log_after(first.position, 1)
        assert (len(rest.changes), rest.left) == (7, 0)
        assert (await log.log_after(rest.position, 1)).left == 0

    with_store(story)


def test_counters_are_behind_until_somebody_has_counted(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        now = [1_000_000_000.0]
        popularity = RedisPopularity(connection, lambda: now[0])
        readers = RedisReaders(connection, model="m@1", history_length=50, reader_seconds=1000)
        event = Event(user_id="u", article_id="a", type="click")
        await readers.record([event], int(now[0] * 1000))
        now[0] += 90
        assert popularity.lag.seconds == 90
        await popularity.count(1)
        assert popularity.lag.entries == 1
        assert popularity.lag.seconds == 0
        await popularity.count(1)
        assert popularity.lag.entries == 0

    with_store(story)

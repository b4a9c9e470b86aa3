"""What the state promises when many do the same at once, and when one dies in the middle."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from service.adapters.redis import keys
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.terms import WRITE
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.ports import LogEntry
from tests.contract.conftest import Run
from tests.contract.racing import killed_before, race
from tests.contract.transfer_stories import articles, now_ms, readers, write

U = UserId("u")
A = ArticleId("a")
CONNECTIONS = 8


class Many:
    """Several connections to the store of a test, as several processes have them."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> list[Connection]:
        self._all = [Connection(self._url) for _ in range(CONNECTIONS)]
        for connection in self._all:
            await connection.open()
        return self._all

    async def __aexit__(self, *_: object) -> None:
        for connection in self._all:
            await connection.close()


def click(article: str, **more: object) -> Event:
    return Event.model_validate({"user_id": U, "article_id": article, "type": "click", **more})


def test_an_event_id_counts_once_however_many_bring_it(with_store: Run, store_url: str) -> None:
    async def story(connection: Connection) -> None:
        async with Many(store_url) as many:
            answers = await asyncio.gather(
                *(
                    readers(one).record([click(f"a{n}", event_id=f"e{n}")], now_ms())
                    for n in range(50)
                    for one in many
                )
            )
        became = Counter(recorded.status for answer in answers for recorded in answer)
        assert became == {"recorded": 50, "duplicate": 50 * (CONNECTIONS - 1)}
        assert sum(await counted(connection)) == 50

    with_store(story)


CLICKING = """
from service.adapters.redis.readers import RedisReaders
from service.domain.event import Event

async def story(connection):
    who, first = arguments[0], int(arguments[1])
    store = RedisReaders(connection, model="m@1", history_length=500, reader_seconds=9000)
    for n in range(40):
        moment = f"2026-05-01T08:{n:02}:{first:02}Z"
        event = dict(user_id=who, article_id=f"a{first}-{n}", type="click", timestamp=moment)
        await store.record([Event.model_validate(event)], 1_790_000_000_000)
"""


def test_clicks_from_many_processes_all_stand_in_the_history_in_order(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        each = [[U, str(number)] for number in range(4)]
        await asyncio.to_thread(race, store_url, CLICKING, each)
        reader = await readers(connection).read(U)
        expected = [
            (int(datetime(2026, 5, 1, 8, n, first, tzinfo=UTC).timestamp() * 1000), f"a{first}-{n}")
            for n in range(40)
            for first in range(4)
        ]
        held = list(zip(reader.clicked_ms, reader.clicked, strict=True))
        assert held == sorted(expected)

    with_store(story)


def test_a_history_vector_never_stands_beside_a_history_that_it_is_not_of(
    with_store: Run, store_url: str
) -> None:
    """Each vector says which version it was made of: what is read must agree, always."""

    def made_of(version: int) -> np.ndarray:
        return np.frombuffer(version.to_bytes(8, "big"), np.uint8).astype(np.float16)

    async def story(connection: Connection) -> None:
        seen = 0
        async with Many(store_url) as many:

            async def act(number: int, one: Connection) -> None:
                nonlocal seen
                store = readers(one)
                for turn in range(40):
                    if number % 2:
                        await store.record([click(f"a{turn}")], now_ms())
                    before = await store.read(U)
                    if before.vector is not None:
                        assert before.vector.tolist() == made_of(before.version).tolist()
                        seen += 1
                    if number % 4 == 3:  # a slow one: others click meanwhile
                        await store.read(U)
                    if before.version:
                        await store.remember_vector(U, before.version, made_of(before.version))

            await asyncio.gather(*(act(number, one) for number, one in enumerate(many)))
        store = readers(connection)
        last = await store.read(U)
        await store.remember_vector(U, last.version, made_of(last.version))
        await store.remember_vector(U, last.version - 1, made_of(last.version - 1))
        held = (await store.read(U)).vector
        assert held is not None
        assert held.tolist() == made_of(last.version).tolist()
        assert seen

    with_store(story)


COUNTING = """
from service.adapters.redis.popularity import RedisPopularity

async def story(connection):
    popularity = RedisPopularity(connection)
    for _ in range(30):
        await popularity.count(1)
"""


async def counted(connection: Connection) -> list[float]:
    """What the click counters hold once everything is counted."""
    waiting = True
    while waiting:
        await RedisPopularity(connection).count(1)
        lengths = [
            await connection.send("XLEN", keys.outbox(partition))
            for partition in range(keys.READER_PARTITIONS)
        ]
        waiting = any(lengths)
    amounts = []
    async for key in connection.scan(b"ns:{popularity}:click:*"):
        held = await connection.send("ZRANGE", key, 0, -1, "WITHSCORES")
        amounts += [float(amount) for amount in held[1::2]]
    return amounts


async def _clicked(connection: Connection, count: int) -> None:
    events = [click(f"a{n}", user_id=f"u{n % 40}", event_id=f"e{n}") for n in range(count)]
    await readers(connection).record(events, now_ms())


@pytest.mark.parametrize("stop", ["count_events", "XTRIM"])
def test_each_event_counts_once_though_a_counter_is_killed_at_it(
    with_store: Run, store_url: str, stop: str
) -> None:
    async def story(connection: Connection) -> None:
        await _clicked(connection, 500)
        await asyncio.to_thread(killed_before, stop, store_url, COUNTING)
        left = [
            await connection.send("XLEN", keys.outbox(partition))
            for partition in range(keys.READER_PARTITIONS)
        ]
        assert any(left)
        # What was counted but not trimmed goes with the next that is counted there.
        await _clicked_more(connection)
        assert sum(await counted(connection)) == 500 + 40

    with_store(story)


async def _clicked_more(connection: Connection) -> None:
    events = [click("b", user_id=f"u{n}", event_id=f"f{n}") for n in range(40)]
    await readers(connection).record(events, now_ms())


def test_each_event_counts_once_however_many_processes_count(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        await _clicked(connection, 2_000)
        racing = asyncio.to_thread(race, store_url, COUNTING, [[] for _ in range(4)])
        more = _clicked_more(connection)
        await asyncio.gather(racing, more)
        assert sum(await counted(connection)) == 2_000 + 40

    with_store(story)


async def logged(connection: Connection, after: bytes) -> list[LogEntry]:
    log, changes = ArticleLog(connection), []
    while (piece := await log.log_after(after, 1)).changes:
        assert piece.complete
        changes += piece.changes
        after = piece.position
    return changes


def test_of_concurrent_puts_the_highest_revision_stays_and_all_are_logged(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        start = await ArticleLog(connection).log_position()
        async with Many(store_url) as many:
            written = await asyncio.gather(
                *(
                    articles(one).put([write("a", f"Title {number} {turn}")])
                    for turn in range(10)
                    for number, one in enumerate(many)
                )
            )
        revisions = {
            f"Title {i % CONNECTIONS} {i // CONNECTIONS}": w.revision
            for i, (w,) in enumerate(written)
        }
        assert len(set(revisions.values())) == 10 * CONNECTIONS
        (held,) = await articles(connection).get([A])
        assert held.revision == max(revisions.values())
        assert revisions[held.article.title] == held.revision
        changes = await logged(connection, start)
        assert {change.revision for change in changes} == set(revisions.values())
        first = {w.ingested_at for (w,) in written}
        assert len(first) == 1

    with_store(story)


def test_of_puts_racing_withdrawals_the_highest_revision_tells_what_stays(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        async with Many(store_url) as many:
            for turn in range(20):
                start = await ArticleLog(connection).log_position()
                await asyncio.gather(
                    *(
                        articles(one).put([write("a", f"Title {number} {turn}")])
                        if number % 2
                        else articles(one).withdraw(A)
                        for number, one in enumerate(many)
                    )
                )
                last = max(await logged(connection, start), key=lambda change: change.revision)
                (held,) = await articles(connection).get([A])
                assert (held is None) == last.withdrawn
                assert held is None or held.revision == last.revision

    with_store(story)


def test_a_put_after_a_withdrawal_has_the_higher_revision_though_the_clock_went_back(
    with_store: Run,
) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        await store.put([write("a")])
        # As written by a server whose clock was an hour ahead, before it failed.
        ahead = (now_ms() + 3_600_000) * 1000
        await connection.send("HSET", keys.article(A), "revision", ahead, terms=WRITE)
        withdrawn = await store.withdraw(A)
        again = await store.withdraw(A)
        (put,) = await store.put([write("a")])
        assert ahead < withdrawn < again < put.revision

    with_store(story)


PUTTING = """
from tests.contract.transfer_stories import articles, write

async def story(connection):
    await articles(connection).put([write("a", "Written, not logged")])
"""


def test_an_article_that_was_written_and_not_logged_is_logged_by_the_repeat(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        start = await ArticleLog(connection).log_position()
        await asyncio.to_thread(killed_before, "XADD", store_url, PUTTING)
        store = articles(connection)
        (held,) = await store.get([A])
        assert held.article.title == "Written, not logged"
        assert await logged(connection, start) == []
        (again,) = await store.put([write("a", "Written, not logged")])
        assert (again.status, again.revision) == ("unchanged", held.revision)
        assert await logged(connection, start) == [LogEntry(A, held.revision, withdrawn=False)]

    with_store(story)


WITHDRAWING = """
from tests.contract.transfer_stories import articles

async def story(connection):
    await articles(connection).withdraw("a")
"""


def test_a_withdrawal_that_was_not_logged_is_logged_by_the_repeat(
    with_store: Run, store_url: str
) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        (put,) = await store.put([write("a")])
        start = await ArticleLog(connection).log_position()
        await asyncio.to_thread(killed_before, "XADD", store_url, WITHDRAWING)
        assert await store.get([A]) == [None]
        assert await store.withdraw(A) > put.revision
        (change,) = await logged(connection, start)
        assert change.withdrawn

    with_store(story)

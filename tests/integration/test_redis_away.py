"""A state store that is killed, hung, slow, full, demoted, or comes back to a crowd."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import uvloop

from model_store.inputs import NewsInputs
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.lane import CONNECTIONS
from service.adapters.redis.readers import RedisReaders
from service.adapters.redis.terms import PROMPT, PROMPT_SECONDS, READ, WRITE
from service.domain.article import Article
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.ports import ArticleWrite
from tests.connections import connected, eventually, refused
from tests.forwarder import Forwarder
from tests.redis_servers import Server, promote, replicated

U = UserId("u")
CLICK = Event(user_id="u", article_id="a", type="click", event_id="e")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as running:
        yield running


def readers(connection: Connection) -> RedisReaders:
    return RedisReaders(connection, model="m@1", history_length=50, reader_seconds=1000)


def articles(connection: Connection) -> RedisArticles:
    return RedisArticles(connection, model="m@1", article_seconds=1000, vector_seconds=1000)


def write(number: int, size: int = 4) -> ArticleWrite:
    title, vector = f"t{number}", np.ones(size, np.float16)
    article = Article(title=title)
    return ArticleWrite(ArticleId(f"a{number}"), article, NewsInputs(title).digest(), vector)


async def record(connection: Connection, *events: Event) -> None:
    await readers(connection).record(events, int(time.time() * 1000))


async def state_of(connection: Connection, state: str) -> None:
    """Wait until the breaker is in the state."""

    async def so() -> bool:
        return {breaker.state for breaker in connection.breakers().values()} == {state}

    await eventually(so)


def test_while_the_store_hangs_a_read_gives_up_soon_and_then_at_once(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            await record(connection, CLICK)
            with server.hung():
                for _ in range(5):
                    await refused(readers(connection).read(U))
                (breaker,) = connection.breakers().values()
                assert breaker.state == "slow"
                await state_of(connection, "open")
                sent = time.perf_counter()
                await refused(*(readers(connection).read(U) for _ in range(100)))
                await refused(record(connection, CLICK), connection.send("PING"))
                assert time.perf_counter() - sent < 102 * PROMPT_SECONDS  # nobody waited
            await state_of(connection, "closed")
            assert (await readers(connection).read(U)).clicked == ("a",)
            assert breaker.openings == 1

    asyncio.run(story())


def test_a_killed_store_is_away_at_once_and_back_when_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        with Server(tmp_path / "server", "--appendonly", "yes") as server:
            async with connected(server.url) as connection:
                await record(connection, CLICK)
                server.kill()
                for _ in range(3):
                    await refused(readers(connection).read(U), record(connection, CLICK))
                await state_of(connection, "open")
                server.start()
                await state_of(connection, "closed")
                assert (await readers(connection).read(U)).clicked == ("a",)
                await record(connection, CLICK)
                assert (await readers(connection).read(U)).clicked == ("a",)

    asyncio.run(story())


def test_of_a_slow_store_pages_do_not_wait_and_writes_do(server: Server) -> None:
    async def story() -> None:
        with Forwarder(server) as slow:
            async with connected(slow.url) as connection:
                slow.answers_after = 5 * PROMPT_SECONDS
                for _ in range(5):
                    await refused(readers(connection).read(U))
                await state_of(connection, "slow")
                await record(connection, CLICK)
                await refused(readers(connection).read(U))
                slow.answers_after = 0
                await state_of(connection, "closed")
                assert (await readers(connection).read(U)).clicked == ("a",)

    asyncio.run(story())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_loop_that_was_busy_uses_the_answer_that_arrived_meanwhile(
    server: Server, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            await record(connection, CLICK)
            for _ in range(10):
                reading = asyncio.create_task(readers(connection).read(U))
                for _ in range(3):
                    await asyncio.sleep(0)
                time.sleep(3 * PROMPT_SECONDS)  # noqa: ASYNC251 - what is tested: the loop is busy
                assert (await reading).clicked == ("a",)
            assert [breaker.state for breaker in connection.breakers().values()] == ["closed"]

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


def test_waiting_for_the_log_is_not_cut_short(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            waiting = connection.streams_after({"ns:articles": b"0-0"}, 10, 10 * 40)
            assert await waiting == {}

    asyncio.run(story())


def test_a_crowd_that_comes_back_shares_a_bounded_number_of_connections(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            with server.hung():
                crowd = [readers(connection).read(U) for _ in range(500)]
                await refused(*crowd)
                await state_of(connection, "open")
            await state_of(connection, "closed")
            reading = [
                connection.send("GET", "ns:history:{r0}:u", terms=READ if n % 2 else WRITE)
                for n in range(1_000)
            ]
            assert set(await asyncio.gather(*reading)) == {None}
            clients = await connection.send("INFO", "clients")
            assert clients["connected_clients"] <= 3 * CONNECTIONS

    asyncio.run(story())


def test_only_one_probe_at_a_time_asks_a_store_that_is_away(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            with server.hung():
                for _ in range(5):
                    await refused(connection.send("GET", "ns:x", terms=PROMPT))
                await state_of(connection, "open")
                probes = [t for t in asyncio.all_tasks() if "_until_closed" in repr(t)]
                assert len(probes) == 1
        assert not [t for t in asyncio.all_tasks() if "_until_closed" in repr(t)]

    asyncio.run(story())


def test_a_full_store_refuses_writes_with_the_reason_and_is_read_as_before(tmp_path: Path) -> None:
    async def story() -> None:
        with Server(tmp_path / "server", "--maxmemory-policy", "noeviction") as server:
            async with connected(server.url) as connection:
                await record(connection, CLICK)
                server.ask("CONFIG", "SET", "maxmemory", 1_000_000)
                for _ in range(10):
                    said = await refused(
                        articles(connection).put([write(1)]),
                        record(connection, Event(user_id="u", article_id="b", type="click")),
                    )
                    assert all("full" in text for text in said)
                    assert (await readers(connection).read(U)).clicked == ("a",)
                assert [breaker.openings for breaker in connection.breakers().values()] == [0]
                await readers(connection).erase(U)  # makes room, and a right is a right
                assert (await readers(connection).read(U)).clicked == ()
                server.ask("CONFIG", "SET", "maxmemory", 0)
                assert await articles(connection).put([write(1)])

    asyncio.run(story())


def test_a_demoted_primary_is_left_for_what_its_address_leads_to_by_now(tmp_path: Path) -> None:
    async def story() -> None:
        with replicated(tmp_path) as (primary, replica), Forwarder(primary) as address:
            async with connected(address.url) as connection:
                await record(connection, CLICK)
                promote(replica)
                primary.ask("REPLICAOF", "127.0.0.1", replica.port)
                address.target = replica  # the connections to the old primary stay open
                said = await refused(record(connection, CLICK))
                assert "replica" in said[0]
                await record(connection, CLICK)
                assert [breaker.openings for breaker in connection.breakers().values()] == [0]

    asyncio.run(story())


def test_a_write_whose_answer_is_lost_was_sent_once(server: Server) -> None:
    async def story() -> None:
        with Forwarder(server) as address:
            async with connected(address.url) as connection:
                address.cut_after_asking = lambda asked: b"INCR" in asked
                for _ in range(2):
                    await refused(connection.send("INCR", "ns:x", terms=WRITE))

                async def both() -> bool:
                    return await connection.send("GET", "ns:x") == b"2"

                await eventually(both)

    asyncio.run(story())


def test_scripts_that_a_server_forgot_are_given_again(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            for number in range(3):
                events = [
                    Event(user_id=f"u{n}", article_id=f"a{number}", type="click") for n in range(5)
                ]
                await record(connection, *events)
                server.ask("SCRIPT", "FLUSH")
            assert (await readers(connection).read(UserId("u4"))).clicked == ("a0", "a1", "a2")

    asyncio.run(story())

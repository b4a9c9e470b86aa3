"""A store that comes back empty, half empty, or is another one."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.cursor_key import cursor_key
from service.adapters.redis.identity import Identity, confirm
from service.adapters.redis.terms import KEPT, WRITE
from service.errors import StateLost, Unavailable
from tests.connections import connected, eventually
from tests.forwarder import Forwarder
from tests.redis_servers import Server, cluster

Story = Callable[[Connection, Identity], Awaitable[None]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as running:
        yield running


def run(url: str, story: Story) -> None:
    """Tell the story of a newsstand that worked with the store at the address."""

    async def told() -> None:
        async with connected(url) as connection:
            known = Identity(connection)
            await known.establish()
            assert known.lost is None
            await write(connection)
            await story(connection, known)

    asyncio.run(told())


async def write(connection: Connection) -> None:
    await connection.send("SET", "ns:article:{a}", "x", terms=KEPT)


async def writing_is_lost(connection: Connection) -> bool:
    """Try to write, which must not be done; whether the connections that broke are new by now."""
    try:
        await write(connection)
    except StateLost:
        return True
    except Unavailable:
        return False
    raise AssertionError("written to a store that is not ours")


async def is_lost(connection: Connection, known: Identity) -> bool:
    """Whether every write is refused, while reads go on."""
    if known.lost is None:
        return False
    await connection.send("GET", "ns:article:{a}")
    for terms in (KEPT, WRITE):
        with pytest.raises(StateLost, match="newsstand state confirm"):
            await connection.send("SET", "ns:x", "y", terms=terms)
    return True


def test_a_store_keeps_its_identity_and_every_process_knows_it(server: Server) -> None:
    async def story(connection: Connection, known: Identity) -> None:
        async with connected(server.url) as other:
            again = Identity(other, remembered=known.current)
            await again.establish()
            unknowing = Identity(other)
            await unknowing.establish()
            assert again.current == unknowing.current == known.current
            assert again.lost is unknowing.lost is None
        for place in range(keys.READER_PARTITIONS):
            assert await connection.send("TTL", keys.state(place)) == -1

    run(server.url, story)


def test_of_many_that_start_at_once_on_an_empty_store_all_agree(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            every = [Identity(connection) for _ in range(10)]
            await asyncio.gather(*(one.establish() for one in every))
            assert len({one.current for one in every}) == 1
            assert {one.lost for one in every} == {None}

    asyncio.run(story())


def test_an_identity_that_was_half_made_is_completed(server: Server) -> None:
    server.ask("SET", keys.state(0), "half")

    async def story(connection: Connection, known: Identity) -> None:
        assert known.current == "half"

    run(server.url, story)


def test_an_emptied_store_takes_no_writes_until_it_is_confirmed(server: Server) -> None:
    accepted: list[str] = []

    async def story(connection: Connection, known: Identity) -> None:
        async def on_accepted(identity: str) -> None:
            accepted.append(identity)
            if len(accepted) == 1:
                raise Unavailable("the first try fails")
            await write(connection)  # what it is for: the articles are restored

        first = known.current
        known = Identity(connection, remembered=first, on_accepted=on_accepted)
        await known.check()
        server.ask("FLUSHALL")
        await known.check()
        assert await is_lost(connection, known)
        await known.check()
        assert await is_lost(connection, known)
        async with connected(server.url) as operator:
            chosen = await confirm(operator)
        with pytest.raises(Unavailable):
            await known.check()
        await known.check()
        await known.check()
        assert accepted == [chosen, chosen]
        assert known.lost is None
        assert known.current == chosen != first
        await write(connection)
        assert 0 < await connection.send("TTL", keys.STATE_CONFIRMED) <= 3_600

    run(server.url, story)


def test_a_confirmation_that_is_over_is_none(server: Server) -> None:
    async def story(connection: Connection, known: Identity) -> None:
        server.ask("FLUSHALL")
        async with connected(server.url) as operator:
            await confirm(operator)
            server.ask("DEL", keys.STATE_CONFIRMED)
            await known.check()
            assert await is_lost(connection, known)
            await confirm(operator)
        await known.check()
        assert known.lost is None

    run(server.url, story)


def test_a_lost_disk_is_noticed_on_the_first_new_connection(tmp_path: Path) -> None:
    with Server(tmp_path / "server", "--appendonly", "yes") as server:

        async def story(connection: Connection, known: Identity) -> None:
            server.lose_disk()
            server.start()
            await eventually(lambda: writing_is_lost(connection))
            assert server.ask("DBSIZE") == 0

        run(server.url, story)


def test_another_store_behind_the_address_is_noticed_and_the_right_one_known_again(
    server: Server, tmp_path: Path
) -> None:
    with Server(tmp_path / "other") as other, Forwarder(server) as address:

        async def elsewhere(connection: Connection, known: Identity) -> None:
            assert known.current

        async def story(connection: Connection, known: Identity) -> None:
            before = other.ask("DBSIZE")
            address.lead_to(other)
            await eventually(lambda: writing_is_lost(connection))
            assert "not the one" in str(known.lost)
            await known.check()
            assert await is_lost(connection, known)
            assert other.ask("DBSIZE") == before
            address.lead_to(server)

            async def known_again() -> bool:
                try:
                    await known.check()
                except Unavailable:  # the connections that broke
                    return False
                return known.lost is None

            await eventually(known_again)
            await write(connection)

        run(other.url, elsewhere)
        run(address.url, story)


def test_a_start_on_an_emptied_store_is_lost_and_does_not_write(server: Server) -> None:
    async def story() -> None:
        async with connected(server.url) as connection:
            known = Identity(connection, remembered="of last time")
            await known.establish()
            assert await is_lost(connection, known)
            assert len(await cursor_key(connection)) == 32
            assert server.ask("DBSIZE") == 0

    asyncio.run(story())


def test_one_emptied_master_of_a_cluster_is_noticed(tmp_path: Path) -> None:
    with cluster(tmp_path) as running:

        async def story(connection: Connection, known: Identity) -> None:
            running.masters[1].ask("FLUSHALL")
            await known.check()
            assert known.lost is not None
            assert "a part" in known.lost
            async with connected(running.url) as unknowing:
                starting = Identity(unknowing)
                await starting.establish()
                assert starting.lost is not None
                async with connected(running.url) as operator:
                    chosen = await confirm(operator)
                await known.check()
                await starting.check()
            assert known.current == starting.current == chosen
            assert known.lost is starting.lost is None

        run(running.url, story)


def test_a_slot_that_moves_is_no_loss(tmp_path: Path) -> None:
    with cluster(tmp_path) as running:

        async def story(connection: Connection, known: Identity) -> None:
            source = running.owner(keys.state(0))
            target = next(server for server in running.masters if server is not source)
            for _ in running.moving(running.slot(keys.state(0)), source, target, at_once=1):
                async with connected(running.url) as other:
                    started = Identity(other, remembered=known.current)
                    await started.establish()
                    await write(other)
                    assert started.lost is None
                await known.check()
                assert known.lost is None

        run(running.url, story)


def test_the_operator_sees_the_store_and_confirms_it(server: Server) -> None:
    async def story(connection: Connection, known: Identity) -> None:
        assert f"identity: {known.current}" in said(server, "show")
        assert "articles: 1\n" in said(server, "show")
        server.ask("FLUSHALL")
        await known.check()
        assert await is_lost(connection, known)
        assert "missing at 64 of 64 places" in said(server, "show")
        confirmed = said(server, "confirm")
        await known.check()
        assert known.lost is None
        assert f"confirmed: {known.current}" in confirmed

    run(server.url, story)


def said(server: Server, command: str) -> str:
    """What the command says."""
    arguments = ["-m", "service.cli", "state", command, "--redis-url", server.url]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout

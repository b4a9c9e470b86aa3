"""TLS, users with few rights, and addresses that are none."""

import asyncio
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from redis.asyncio.connection import SSLConnection

from model_store.inputs import NewsInputs
from service.adapters.redis import addresses
from service.adapters.redis.addresses import Address
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.cursor_key import cursor_key
from service.adapters.redis.experiments import RedisExperiments
from service.adapters.redis.identity import Identity, confirm
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.adapters.redis.rosters import RedisRosters
from service.adapters.redis.scripts import SOURCES
from service.domain.article import Article
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.domain.served import ServedList
from service.errors import SetupError, Unavailable
from service.models.roster import Report, Roster
from service.ports import ArticleWrite
from service.state_command import holdings
from tests.connections import connected
from tests.forwarder import Forwarder
from tests.redis_servers import Server, cluster

ALLOWED = " ".join((addresses.__doc__ or "").partition("on >secret")[2].split())
"""The rights of the user in the documentation."""


def admit(server: Server) -> None:
    """Make the documentation's user."""
    server.ask("ACL", "SETUSER", "newsstand", "on", ">secret", *ALLOWED.split(" "))


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server that knows the documentation's user."""
    with Server(tmp_path / "server") as server:
        admit(server)
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    whose = ["-subj", "/CN=store", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    command = ["openssl", "req", "-x509", *kind, *whose, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


async def everything(connection: Connection) -> None:
    """All that a newsstand asks of its store."""
    known = Identity(connection)
    await known.establish()
    assert known.lost is None
    assert len(await cursor_key(connection)) == 32
    store = RedisArticles(connection, model="m@1", article_seconds=1000, vector_seconds=1000)
    readers = RedisReaders(connection, model="m@1", history_length=2, reader_seconds=1000)
    log, popularity = ArticleLog(connection), RedisPopularity(connection)
    start, vector = await log.log_position(), np.ones(4, np.float16)
    names = [ArticleId(f"a{number}") for number in range(5)]
    digests = [NewsInputs(name).digest() for name in names]
    writes = [
        ArticleWrite(name, Article(title=name), digest, vector)
        for name, digest in zip(names, digests, strict=True)
    ]
    assert None not in await store.put(writes)
    assert await store.digests(names) == digests
    stored = [found for found in await store.get(names) if found is not None]
    await store.keep_vectors(stored, digests, np.stack([vector] * 5))
    await store.withdraw(names[0])
    assert set(await store.vectors(names)) == set(names)
    await log.log_after(start, 1)
    kinds = ("click", "click", "click", "impression", "like", "dislike", "hide")
    now = int(time.time() * 1000)
    served = ServedList("r", now, "default", "x", "v", tuple(names), ())
    readers.remember_served(UserId("u"), served)
    events = [
        Event(
            user_id="u",
            article_id=f"a{number % 5}",
            type=kind,
            event_id=f"e{number}",
            recommendation_id="r",
        )
        for number, kind in enumerate(kinds)
    ]
    await readers.record(events, now)
    reader = await readers.read(UserId("u"))
    await readers.remember_vector(UserId("u"), reader.version, vector)
    assert (await readers.read(UserId("u"))).vector is not None
    await popularity.count(1)
    await popularity.refresh()
    assert popularity.heat(48, 6.0, 0.0).hottest
    await RedisExperiments(connection).counts("x", ["v"])
    assert await readers.stored(UserId("u")) is not None
    await readers.erase(UserId("u"))
    await readers.ping()
    await every_step_of_models(connection, store)
    held = await holdings(connection)
    assert (held.articles, held.readers, held.identity) == (4, 0, known.current)
    assert await confirm(connection) == known.current


async def every_step_of_models(connection: Connection, store: RedisArticles) -> None:
    rosters = RedisRosters(connection, heard_within_ms=0)
    assert await rosters.ask("m@2", "m@1") == "coming"
    assert await rosters.progress("m@2", 1, 1, encoded=True)
    await rosters.report(Report(frozenset({"m@1", "m@2"})))
    assert await rosters.roll_back()
    assert (await rosters.read()).active == "m@1"
    assert await rosters.ask("m@3", "m@1") == "coming"
    await rosters.report(Report(failed=("m@3", "not here")))

    async def still() -> bool:
        return True

    await store.forget_model("m@1", still)
    await rosters.forgotten("m@3")
    await rosters.restore(Roster(active="m@1"))


def test_a_user_with_the_documented_rights_can_do_everything(guarded: Server) -> None:
    async def story() -> None:
        async with connected(f"redis://newsstand:secret@127.0.0.1:{guarded.port}") as connection:
            await everything(connection)

    asyncio.run(story())


def test_a_user_with_the_documented_rights_can_do_everything_on_a_cluster(tmp_path: Path) -> None:
    async def story(url: str) -> None:
        async with connected(url.replace("//", "//newsstand:secret@")) as connection:
            await everything(connection)

    with cluster(tmp_path) as running:
        for server in running.masters:
            admit(server)
        asyncio.run(story(running.url))


def test_no_script_uses_a_command_that_the_documented_user_may_not() -> None:
    allowed = {right.removeprefix("+").partition("|")[0] for right in ALLOWED.split(" ")}
    for name, source in SOURCES.items():
        used = {command.lower() for command in re.findall(r"redis\.call\('(\w+)'", source)}
        assert used <= allowed, name


def test_the_documented_user_sees_no_other_keys(guarded: Server) -> None:
    async def story() -> None:
        async with connected(f"redis://newsstand:secret@127.0.0.1:{guarded.port}") as connection:
            with pytest.raises(Unavailable, match="may not do this"):
                await connection.send("GET", "others")
            with pytest.raises(Unavailable, match="may not do this"):
                await connection.send("CONFIG", "GET", "maxmemory")

    asyncio.run(story())


def test_over_tls_and_only_to_whom_the_certificate_vouches_for(
    guarded: Server, certificate: Path
) -> None:
    async def story() -> None:
        # The wheel's Valkey speaks no TLS: a proxy before it does, as a managed Redis has one.
        with Forwarder(guarded, tls=tls(certificate)) as secured:
            url = f"rediss://newsstand:secret@127.0.0.1:{secured.port}"
            async with connected(f"{url}?ssl_ca_certs={certificate / 'ca.pem'}") as connection:
                await everything(connection)
            with pytest.raises(Unavailable):
                async with connected(url):
                    pass

    asyncio.run(story())


def test_a_wrong_password_is_said(guarded: Server) -> None:
    async def story() -> None:
        with pytest.raises(Unavailable, match="user and password"):
            async with connected(f"redis://newsstand:wrong@127.0.0.1:{guarded.port}"):
                pass

    asyncio.run(story())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379",
        "redis://127.0.0.1:port",
        "redis://127.0.0.1?color=red",
        "redis+cluster://127.0.0.1:6379/3",
        "unix+cluster:///tmp/socket",
        "",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match="NEWSSTAND_REDIS_URL"):
        Connection(url)


def test_a_cluster_over_tls_takes_its_options_to_every_node() -> None:
    address = Address.of("rediss+cluster://me:pass@one:1,two:2?ssl_ca_certs=/ca.pem")
    assert address.cluster
    assert address.places == (("one", 1), ("two", 2))
    for place in address.places:
        connection = address.connection(place)
        assert isinstance(connection, SSLConnection)
        assert (connection.host, connection.port) == place
        assert (connection.username, connection.password) == ("me", "pass")
        assert connection.ca_certs == "/ca.pem"


def test_a_node_of_a_cluster_given_as_one_server_is_said(tmp_path: Path) -> None:
    async def story(url: str) -> None:
        async with connected(url) as connection:
            with pytest.raises(Unavailable, match=r"redis\+cluster://"):
                await connection.send_all([("GET", f"ns:{n}") for n in range(100)])

    with cluster(tmp_path) as running:
        asyncio.run(story(running.masters[0].url))

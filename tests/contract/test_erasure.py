"""An erased reader is nowhere: in no key, in no value, and soon in no file."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.append_only_file import AppendOnlyFile
from service.adapters.redis.connection import Connection
from service.adapters.redis.popularity import RedisPopularity
from service.domain.event import Event
from service.domain.fields import UserId
from tests.contract.conftest import Run
from tests.contract.transfer_stories import fill, now_ms, readers

READ = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"set": ("SMEMBERS",),
    b"list": ("LRANGE", 0, -1),
    b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    b"stream": ("XRANGE", "-", "+"),
}
WHO = UserId("reader-7")


async def everything(connection: Connection) -> AsyncIterator[tuple[bytes, bytes]]:
    """Every key of the store, ours or not, and all that it holds, as raw as Redis tells it."""
    async for key in connection.scan(b"*"):
        kind = await connection.send("TYPE", key)
        command, *more = READ[kind if isinstance(kind, bytes) else kind.encode()]
        yield key, repr(await connection.send(command, key, *more)).encode()


async def telling(connection: Connection, user_id: str) -> list[bytes]:
    text = user_id.encode()
    return [key async for key, held in everything(connection) if text in key or text in held]


def test_after_an_erasure_no_key_and_no_value_tells_of_the_reader(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        stored = await readers(connection).stored(WHO)
        assert all(getattr(stored, part) is not None for part in type(stored).model_fields)
        assert set(await telling(connection, WHO)) == {key.encode() for key in keys.reader(WHO)}
        await readers(connection).erase(WHO)
        assert await telling(connection, WHO) == []
        assert await readers(connection).stored(WHO) is None
        assert await telling(connection, "reader-8")

    with_store(story)


def test_the_way_to_the_counters_tells_nothing_of_readers(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        click = Event(user_id=WHO, article_id="a1", type="click", event_id="e", dwell_seconds=3)
        await readers(connection).record([click], now_ms())
        waiting = await connection.send("XLEN", keys.outbox(keys.partition(WHO)))
        assert waiting == 1
        await readers(connection).erase(WHO)
        assert await telling(connection, WHO) == []
        await RedisPopularity(connection).count(1)
        assert await telling(connection, WHO) == []

    with_store(story)


def on_disk(folder: Path, user_id: str) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return any(user_id.encode() in _content(path) for path in files)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # the server took it away meanwhile
        return b""


def test_an_erased_reader_leaves_the_files_too_and_these_are_not_rewritten_all_the_time(
    tmp_path: Path,
) -> None:
    async def story(url: str) -> None:
        connection = Connection(url)
        await connection.open()
        seldom, often = AppendOnlyFile(connection), AppendOnlyFile(connection, at_most_every_ms=0)
        assert not await seldom.forget_the_erased()
        await _erased("first-reader", connection)
        assert on_disk(tmp_path, "first-reader")
        await _until_rewritten(seldom)
        await _until_gone(tmp_path, "first-reader")
        assert not await often.forget_the_erased()

        await _erased("second-reader", connection)
        assert not await seldom.forget_the_erased()
        assert on_disk(tmp_path, "second-reader")
        await _until_rewritten(often)
        await _until_gone(tmp_path, "second-reader")
        stays = await readers(connection).read(UserId("other"))
        assert stays.clicked == ("a", "a")
        await connection.close()

    with EmbeddedValkey(tmp_path) as valkey:
        asyncio.run(story(valkey.url))


async def _erased(user_id: str, connection: Connection) -> None:
    clicks = [Event(user_id=who, article_id="a", type="click") for who in (user_id, "other")]
    await readers(connection).record(clicks, now_ms())
    await readers(connection).erase(UserId(user_id))


async def _until_rewritten(file: AppendOnlyFile) -> None:
    """The moment of an erasure lies a little ahead, for clocks that differ."""
    deadline = time.monotonic() + 30
    while not await file.forget_the_erased():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def _until_gone(folder: Path, user_id: str) -> None:
    deadline = time.monotonic() + 30
    while on_disk(folder, user_id):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)

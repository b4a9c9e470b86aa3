"""``newsstand export``, and ``newsstand import`` of what it wrote: straight from and to a store."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from rich.console import Console

from service.adapters.embedded_valkey import EmbeddedValkey, FolderInUse
from service.adapters.redis.connection import Connection
from service.adapters.redis.state_sink import RedisStateSink
from service.adapters.redis.state_source import RedisStateSource
from service.errors import SetupError
from service.transfer.display import Display, said
from service.transfer.export_state import export_state
from service.transfer.formats import open_export
from service.transfer.import_state import import_state

STORE_FOLDER: Final = "valkey"
Answer = TypeVar("Answer")


def export_to(target: Path, redis_url: str | None, data_dir: Path, console: Console) -> str:
    """Export the whole state into ``target``; what was exported, for people.

    Raises TransferStopped, SetupError and Unavailable.
    """
    if redis_url is None and not (data_dir / STORE_FOLDER).is_dir():
        raise SetupError(f"nothing is stored in {data_dir}; name a data folder or a --redis-url")
    name = _named(redis_url, data_dir)
    with _store(redis_url, data_dir) as url, Display(console, target.name) as display:
        counts = _running(
            url, lambda store: export_state(RedisStateSource(store), name, target, display)
        )
    return f"{target}: {said(counts)}"


def import_from(
    source: Path,
    redis_url: str | None,
    data_dir: Path,
    console: Console,
    *,
    merge: bool,
    again: bool,
) -> str:
    """Import a state export; what was imported, for people.

    Raises TransferStopped, SetupError and Unavailable.
    """
    export = open_export(source)
    with _store(redis_url, data_dir) as url, Display(console, source.name) as display:
        counts = _running(
            url,
            lambda store: import_state(
                export, RedisStateSink(store), display, merge=merge, again=again
            ),
        )
    return f"{said(counts)} imported"


def _running(url: str, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        connection = Connection(url)
        try:
            await connection.open()
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


@contextmanager
def _store(redis_url: str | None, data_dir: Path) -> Iterator[str]:
    """The store's address: that of the service that runs on the data folder, where one does."""
    if redis_url is not None:
        yield redis_url
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end in order, Valkey too
    embedded = EmbeddedValkey(data_dir)
    try:
        embedded.__enter__()
    except FolderInUse:
        yield embedded.url
        return
    try:
        yield embedded.url
    finally:
        embedded.__exit__(None, None, None)


def _named(redis_url: str | None, data_dir: Path) -> str:
    """The store without its password."""
    if redis_url is None:
        return str(data_dir.resolve())
    address = urlsplit(redis_url)
    return address._replace(netloc=address.netloc.rpartition("@")[2], query="").geturl()

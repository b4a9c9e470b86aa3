"""The encoder process of a service with several workers: what it does, and where it is found."""

import asyncio
import hashlib
import os
import signal
import stat
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from model_store.store import ModelStore
from service import logs
from service.api.metrics.encoding import EncodingMetrics
from service.api.metrics.process import ProcessMetrics
from service.background.tasks import Tasks
from service.composition import engine_of
from service.encoding.engine import Engine
from service.encoding.process import serving
from service.errors import SetupError
from service.settings import Settings
from service.supervisor import READY, runs

COUNTED_SECONDS = 1.0
PRIVATE = 0o700
OTHERS = 0o077


def socket_of(data_dir: Path, supervisor: int) -> Path:
    """Where the encoder process of a service with this data folder and supervisor listens: a short
    path, since a Unix socket's is limited to about a hundred bytes. What was left there by
    supervisors that are gone is removed.

    Raises SetupError unless its folder is ours alone: who could put another socket in its place
    would be sent the articles.
    """
    folder = Path(tempfile.gettempdir()) / f"newsstand-{os.getuid()}"
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    try:
        _make_private(folder)
        for left in folder.glob(f"{name}-*.encoder"):
            if not runs(int(left.stem.removeprefix(f"{name}-"))):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{folder} cannot be used: {error}") from error
    return folder / f"{name}-{supervisor}.encoder"


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not ours or found.st_mode & OTHERS:
        raise SetupError(f"{folder} must be a folder of this user's that no other may use")


def encode(path: Path, settings: Settings, line: Connection) -> None:
    """Encode for the workers, at the socket ``path``, until told to end, or the supervisor at
    ``line`` is gone.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the supervisor ends us
    logs.configure(settings.log_format)
    try:
        path.unlink(missing_ok=True)
        asyncio.run(_encode(settings, line, path))
    except (SetupError, OSError) as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we are ending, and have one thing to say
        line.send(str(error))
    except KeyboardInterrupt:
        pass
    finally:
        path.unlink(missing_ok=True)


async def _encode(settings: Settings, line: Connection, path: Path) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(line.fileno(), ended.set)
    engine = engine_of(settings)
    with closing(engine):
        async with (
            Tasks() as tasks,
            serving(path, engine, ModelStore.at(settings.model_store).load),
        ):
            tasks.forever("telling metrics", _counting(engine))
            line.send(READY)
            await ended.wait()


def _counting(engine: Engine) -> Callable[[], Awaitable[None]]:
    """A worker is asked for all metrics, and finds these beside its own."""
    registry = CollectorRegistry()
    encoding, process = EncodingMetrics(registry), ProcessMetrics(registry, "encoder")

    async def count() -> None:
        encoding.count(engine.figures)
        process.tell()
        await asyncio.sleep(COUNTED_SECONDS)

    return count

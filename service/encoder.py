"""The encoder process of a service with several workers: what it does, and where it is found."""

import asyncio
import hashlib
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from service import logs
from service.api.encoding_metrics import EncodingMetrics
from service.composition import engine_of, load_artefact
from service.encoding.process import serving
from service.errors import SetupError
from service.settings import Settings
from service.supervisor import READY

PRIVATE = 0o700


def socket_of(data_dir: Path) -> Path:
    """Where the encoder process of a service with this data folder listens: a short path, since a
    Unix socket's is limited to about a hundred bytes.
    """
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"newsstand-{os.getuid()}" / f"{name}.encoder"


def encode(settings: Settings, line: Connection) -> None:
    """Encode for the workers until told to end, or the supervisor at ``line`` is gone."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the supervisor ends us
    logs.configure(settings.log_format)
    path = socket_of(settings.data_dir)
    try:
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
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
    metrics = EncodingMetrics(CollectorRegistry())
    counting = asyncio.create_task(metrics.follow(lambda: engine.figures))
    try:
        async with serving(path, engine, lambda model: load_artefact(settings, model)):
            line.send(READY)
            await ended.wait()
    finally:
        counting.cancel()
        engine.close()

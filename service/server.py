"""Running the service: the port first, then everything behind it, then requests."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
import uvloop

from model_store.artefact import Artefact
from service import logs
from service.api.application import create_app
from service.composition import find_artefact
from service.encoder import encode, socket_of
from service.errors import NewsstandError, SetupError
from service.http_connection import HttpConnection
from service.settings import Settings
from service.supervisor import READY, supervise
from service.tracing.chosen import tracing
from service.upkeep import opened

BACKLOG = 2048
SHUTDOWN_SECONDS = 10


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it; ``on_ready`` is called with the base URL once requests are
    answered.

    Raises SetupError, or Unavailable if the state store does not answer at the start.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end in order, also while starting
    listening = _bound(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    with listening:
        if settings.workers == 1:
            _run(settings, listening, None, lambda: on_ready(url), lambda _: None)
        else:
            encoder = socket_of(settings.data_dir, os.getpid())
            work, encoding = partial(_work, encoder), partial(encode, encoder)
            supervise(settings, listening, work, encoding, lambda: on_ready(url))


def _work(encoder: Path, settings: Settings, listening: socket.socket, line: Connection) -> None:
    """What a worker does: serve until it is told to end, or its supervisor is gone."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the supervisor ends us
    logs.configure(settings.log_format)

    def until_alone(server: "_Server") -> None:
        def alone() -> None:
            asyncio.get_running_loop().remove_reader(line.fileno())
            server.should_exit = True

        asyncio.get_running_loop().add_reader(line.fileno(), alone)

    try:
        _run(settings, listening, encoder, lambda: line.send(READY), until_alone)
    except (SetupError, NewsstandError) as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we are ending, and have one thing to say
        line.send(str(error))
    except KeyboardInterrupt:
        pass  # told to end before it was ready


def _run(
    settings: Settings,
    listening: socket.socket,
    encoder: Path | None,
    on_ready: Callable[[], None],
    watching: Callable[["_Server"], None],
) -> None:
    artefact = find_artefact(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, artefact, listening, encoder, on_ready, watching))


async def _serve(
    settings: Settings,
    artefact: Artefact,
    listening: socket.socket,
    encoder: Path | None,
    on_ready: Callable[[], None],
    watching: Callable[["_Server"], None],
) -> None:
    async with opened(settings, artefact, encoder) as running, tracing(settings) as tracer:
        config = uvicorn.Config(
            create_app(running, tracer, with_page=settings.page),
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[("X-Content-Type-Options", "nosniff")],
            http=HttpConnection,
            ws="none",
            backlog=BACKLOG,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        server = _Server(config, on_ready)
        watching(server)
        await server.serve([listening])


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on a signal; the default would raise it again, past what is to be closed."""
        loop = asyncio.get_running_loop()
        ending = [signal.SIGINT, signal.SIGTERM]
        heard = [number for number in ending if signal.getsignal(number) is not signal.SIG_IGN]
        for number in heard:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)  # we are ending, and want to end in order

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # what stands now stands for good: looking it through again takes 50 ms
            self._on_ready()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SetupError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening

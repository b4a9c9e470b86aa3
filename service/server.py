"""Running the service: the port first, then everything behind it, then requests."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
import uvloop

from model_store.artefact import Artefact
from service.api.application import create_app
from service.composition import find_artefact, opened
from service.errors import SetupError
from service.settings import Settings

BACKLOG = 2048
SHUTDOWN_SECONDS = 10


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it; ``on_ready`` is called with the base URL once requests are
    answered.

    Raises SetupError, or Unavailable if the state store does not answer at the start.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end in order, also while starting
    listening = _bound(settings.host, settings.port)
    with listening:
        artefact = find_artefact(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, artefact, listening, on_ready))


async def _serve(
    settings: Settings,
    artefact: Artefact,
    listening: socket.socket,
    on_ready: Callable[[str], None],
) -> None:
    async with opened(settings, artefact) as newsstand:
        config = uvicorn.Config(
            create_app(newsstand),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            backlog=BACKLOG,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        host, port = listening.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        await _Server(config, lambda: on_ready(url)).serve([listening])


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on a signal; the default would raise it again, past what is to be closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
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

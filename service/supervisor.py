"""Several workers in one service: one port, one embedded Valkey, one encoder process, one folder of
generations.

The supervisor opens the port and the embedded Valkey, starts the encoder and the workers and keeps
them running. A process that ends is replaced; the connections that wait at the port are taken by
the other workers. One whose supervisor is gone, however it went, ends by itself.
"""

import logging
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from prometheus_client import multiprocess

from service.adapters.embedded_valkey import EmbeddedValkey
from service.errors import SetupError
from service.settings import Settings

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
STOP_SECONDS: Final = 20.0
RESTART_SECONDS: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""A worker that ends soon after its start is not replaced at once, and each time later."""
READY: Final = "ready"
_log = logging.getLogger(__name__)
Work = Callable[[Settings, socket.socket, Connection], None]
Encode = Callable[[Settings, Connection], None]


class Worker:
    """A place for one process, and another one when that has ended; ``name`` is what people call
    it. A process says that it is ready, or why it cannot be, on ``line``; the end of ``line`` tells
    it that its supervisor is gone.
    """

    def __init__(self, name: str, start: Callable[[], tuple[SpawnProcess, Connection]]) -> None:
        self._name, self._start = name, start
        self._pause = RESTART_SECONDS
        self.process, self.line = start()
        self._started = time.monotonic()

    def await_ready(self) -> None:
        """Raises SetupError where it says why it cannot be, or ends without a word."""
        try:
            said = self.line.recv()
        except EOFError:
            self.process.join()
            said = f"{self._name} ended with status {self.process.exitcode} before it was ready"
        if said != READY:
            raise SetupError(said)

    def see_to(self) -> float:
        """Replace a process that has ended; how long to wait (s) until it can be, 0 if it runs."""
        if self.process.is_alive():
            return 0.0
        wait_until = self._started + self._pause
        if wait_until > time.monotonic():
            return wait_until - time.monotonic()
        self._explain()
        lived = time.monotonic() - self._started
        self._pause = (
            RESTART_SECONDS if lived > LONGEST_PAUSE else min(2 * self._pause, LONGEST_PAUSE)
        )
        self._started = time.monotonic()
        try:
            self.process, self.line = self._start()
        except OSError as error:
            _log.error("%s cannot be started: %s", self._name, error)
            return self._pause
        return 0.0

    def stop(self, deadline: float) -> None:
        """Wait for its end until then, then end it."""
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.line.close()

    def _explain(self) -> None:
        said = ""
        with suppress(EOFError, OSError):
            while self.line.poll():
                said = self.line.recv()
        self.line.close()
        why = "" if said in ("", READY) else f": {said}"
        ended = self._name, self.process.pid, self.process.exitcode, why
        _log.error("%s (%s) ended with status %s%s", *ended)
        multiprocess.mark_process_dead(self.process.pid)  # type: ignore[no-untyped-call]


def supervise(
    settings: Settings,
    listening: socket.socket,
    work: Work,
    encode: Encode,
    on_ready: Callable[[], None],
) -> None:
    """Keep ``settings.workers`` processes at ``work``, and one that encodes for all, until a signal
    ends it.

    ``on_ready`` is called once when all are ready. Raises SetupError where one cannot start.
    """
    with ExitStack() as stack:
        if settings.redis_url is None:
            url = stack.enter_context(EmbeddedValkey(settings.data_dir)).url
            settings = settings.model_copy(update={"redis_url": url})
        stack.enter_context(_metrics_together(settings.data_dir))
        encoder = Worker("the encoder", partial(_started, encode, settings))
        stack.callback(_stop, [encoder])  # after the workers, whose last articles it encodes
        workers: list[Worker] = []
        stack.callback(_stop, workers)
        for _ in range(settings.workers):  # who has started is stopped, too
            start = partial(_started, work, settings, listening)
            workers.append(Worker("a worker", start))
        everyone = [encoder, *workers]
        for worker in everyone:
            worker.await_ready()
        on_ready()
        with suppress(KeyboardInterrupt):  # a signal ends it in order
            while True:
                pauses = [(worker, worker.see_to()) for worker in everyone]
                # One that has ended since it was seen to is waited for, too: that ends at once.
                ending = [worker.process.sentinel for worker, pause in pauses if not pause]
                wait(ending, min((pause for _, pause in pauses if pause), default=None))


def _started(work: Callable[..., None], *given: Any) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    process = context.Process(target=work, args=(*given, theirs))
    process.start()
    theirs.close()
    return process, line


def _stop(workers: list[Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.stop(deadline)


@contextmanager
def _metrics_together(data_dir: Path) -> Iterator[None]:
    """A folder in which the workers' metrics are added up, for the workers to inherit. What a
    supervisor left there that could not end in order is removed.
    """
    folders = data_dir / "metrics"
    for left in folders.glob("*"):
        if not runs(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    own = folders / str(os.getpid())
    own.mkdir(parents=True, exist_ok=True)
    os.environ[METRICS_FOLDER] = str(own.resolve())
    try:
        yield
    finally:
        del os.environ[METRICS_FOLDER]
        shutil.rmtree(own, ignore_errors=True)


def runs(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

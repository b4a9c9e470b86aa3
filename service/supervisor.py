"""Several workers in one service: one port, one embedded Valkey, one folder of generations.

The supervisor opens the port and the embedded Valkey, starts the workers and keeps them running.
A worker that ends is replaced; the connections that wait at the port are taken by the others. A
worker whose supervisor is gone, however it went, ends by itself.
"""

import logging
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from prometheus_client import multiprocess

from service.adapters.embedded_valkey import EmbeddedValkey
from service.errors import SetupError
from service.settings import Settings

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
STOP_SECONDS: Final = 20.0
RESTART_SECONDS: Final = 1.0
"""A worker that ends sooner after its start is not replaced at once."""
READY: Final = "ready"
_log = logging.getLogger(__name__)
Work = Callable[[Settings, socket.socket, Connection], None]


@dataclass(frozen=True)
class Worker:
    """One worker. It says that it is ready, or why it cannot be, on ``line``; the end of ``line``
    tells it that its supervisor is gone.
    """

    process: SpawnProcess
    line: Connection
    started: float


def supervise(
    settings: Settings, listening: socket.socket, work: Work, on_ready: Callable[[], None]
) -> None:
    """Keep ``settings.workers`` processes at ``work`` until a signal ends it.

    ``on_ready`` is called once when all are ready. Raises SetupError where one cannot start.
    """
    with ExitStack() as stack:
        if settings.redis_url is None:
            url = stack.enter_context(EmbeddedValkey(settings.data_dir)).url
            settings = settings.model_copy(update={"redis_url": url})
        stack.enter_context(_metrics_together())
        workers: list[Worker] = []
        stack.callback(_stop, workers)
        workers += [_started(settings, listening, work) for _ in range(settings.workers)]
        for worker in workers:
            _await_ready(worker)
        on_ready()
        with suppress(KeyboardInterrupt):  # a signal ends it in order
            while True:
                _replace_the_ended(workers, lambda: _started(settings, listening, work))


def _started(settings: Settings, listening: socket.socket, work: Work) -> Worker:
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    process = context.Process(target=work, args=(settings, listening, theirs))
    process.start()
    theirs.close()
    return Worker(process, line, time.monotonic())


def _await_ready(worker: Worker) -> None:
    try:
        said = worker.line.recv()
    except EOFError:
        worker.process.join()
        said = f"a worker ended with status {worker.process.exitcode} before it was ready"
    if said != READY:
        raise SetupError(said)


def _replace_the_ended(workers: list[Worker], start: Callable[[], Worker]) -> None:
    wait([worker.process.sentinel for worker in workers])
    for place, worker in enumerate(workers):
        if not worker.process.is_alive():
            _log.error(
                "worker %s ended with status %s", worker.process.pid, worker.process.exitcode
            )
            _forget_metrics(worker)
            worker.line.close()
            time.sleep(max(0.0, worker.started + RESTART_SECONDS - time.monotonic()))
            workers[place] = start()


def _stop(workers: list[Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.line.close()


@contextmanager
def _metrics_together() -> Iterator[None]:
    """A folder in which the workers' metrics are added up, for the workers to inherit."""
    with tempfile.TemporaryDirectory(prefix="newsstand-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[METRICS_FOLDER]


def _forget_metrics(worker: Worker) -> None:
    multiprocess.mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

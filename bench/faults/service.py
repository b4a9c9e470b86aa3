"""A service as an operator runs it: at a fixed port, started again when it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

import httpx

from tests.redis_servers import free_port

READY_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.02
STARTED_AGAIN_SECONDS: Final = 0.2
STOP_SECONDS: Final = 30.0


class Service:
    """A context manager. ``launch`` it before it is used; it is stopped with the block."""

    def __init__(self, folder: Path, *arguments: str, workers: int = 1) -> None:
        self.data_dir = folder / "data"
        self.workers = workers
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        own = ["--port", str(port), "--data-dir", str(self.data_dir), "--encoder-threads", "1"]
        own += ["--workers", str(workers)]
        self._command = [sys.executable, "-m", "service.cli", "serve", *own, *arguments]
        self._log = folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def pid(self) -> int:
        """The process that was started: the service, or its supervisor."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it; ready comes later."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it at once, and nothing that it has started."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def ready(self) -> None:
        """Wait until every worker is, starting it again where it ends, as an init system does.

        Raises TimeoutError.
        """
        async with asyncio.timeout(READY_SECONDS):
            while not await self._is_ready():
                if self._process is None or self._process.poll() is not None:
                    await asyncio.sleep(STARTED_AGAIN_SECONDS)
                    self.launch()
                await asyncio.sleep(POLL_SECONDS)

    def worker_pids(self) -> list[int]:
        """The workers of a supervisor."""
        return [pid for pid in children(self.pid) if b"spawn_main" in _command_of(pid)]

    def valkey_pid(self) -> int:
        """The embedded Valkey."""
        return int((self.data_dir / "valkey" / "valkey.pid").read_text())

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS), each_worker(self) as workers:
                answers = [await worker.get("/health/ready") for worker in workers]
        except httpx.TransportError:
            return False
        return all(answer.status_code == 200 for answer in answers)


@asynccontextmanager
async def each_worker(service: Service) -> AsyncIterator[Sequence[httpx.AsyncClient]]:
    """A connection to each worker: connections are opened until all workers have been met."""
    met: dict[int, httpx.AsyncClient] = {}
    opened: list[httpx.AsyncClient] = []
    try:
        deadline = time.monotonic() + READY_SECONDS
        while len(met) < service.workers:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(met)} of {service.workers} workers answer")
            opened.append(connection(service))
            answer = await opened[-1].get("/health/live")
            met.setdefault(answer.json()["process"], opened[-1])
        yield list(met.values())
    finally:
        for client in opened:
            await client.aclose()


def connection(service: Service, timeout: float = 20.0) -> httpx.AsyncClient:
    """One connection, kept open: with several workers it stays with one."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncClient(base_url=service.address, timeout=timeout, limits=limits)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue  # it ended while we looked
            if int(parent) == pid and state != "Z":
                found.append(int(folder.name))
    return found


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def hang(pid: int) -> None:
    """Stop a process in its tracks, its connections open."""
    os.kill(pid, signal.SIGSTOP)


def wake(pid: int) -> None:
    """Let a hung process go on."""
    os.kill(pid, signal.SIGCONT)

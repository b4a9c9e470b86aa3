"""A load generator of raw HTTP/1.1 connections: closed loop for throughput, open loop for latency.

It parses no more of an answer than its status and length, so that one core of it can keep one
core of a server busy.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

MakeRequest = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Measured:
    """What one run gave."""

    requests: int
    seconds: float
    latencies_ms: np.ndarray
    response_bytes: float

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """A percentile of the latency, in milliseconds."""
        return float(np.percentile(self.latencies_ms, share))


class Connection:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a server on loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def exchange(self, request: bytes) -> bytes:
        """Send a request and return the answer's body. Raises RuntimeError unless it is 2xx."""
        head, body = await self.answered(request)
        if head[9:10] != b"2":
            raise RuntimeError(f"{head[:40]!r} {body[:300]!r}")
        return body

    async def answered(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request and return the answer's head and body, whatever its status."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        if head[9:12] == b"204":
            return head, b""
        start = lower.index(b"content-length:") + 15
        return head, await self._reader.readexactly(int(lower[start : lower.index(b"\r", start)]))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def post(path: str, body: bytes, method: str = "POST", headers: str = "") -> bytes:
    """A POST request of JSON, or another; each of the other headers ends in CR and LF."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def closed_loop(
    port: int, make: MakeRequest, *, connections: int, seconds: float
) -> Measured:
    """Each connection sends its next request as soon as it has its answer."""
    latencies: list[float] = []
    sizes = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal sizes
        connection = await Connection.open(port)
        while time.perf_counter() < end:
            request = await make()
            sent = time.perf_counter()
            body = await connection.exchange(request)
            sizes += len(body)
            latencies.append((time.perf_counter() - sent) * 1000)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    spent = time.perf_counter() - started
    return Measured(len(latencies), spent, np.array(latencies), sizes / max(len(latencies), 1))


async def open_loop(
    port: int, make: MakeRequest, *, rate: float, connections: int, seconds: float
) -> Measured:
    """Requests leave at random moments of a fixed mean rate, whether answers come or not; the
    latency counts from the moment at which a request was due.
    """
    rng = np.random.default_rng(7)
    due = np.cumsum(rng.exponential(1 / rate, int(rate * seconds)))
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await Connection.open(port))
    latencies: list[float] = []
    sizes = 0
    started = time.perf_counter()

    async def one(moment: float, request: bytes) -> None:
        nonlocal sizes
        connection = await free.get()
        body = await connection.exchange(request)
        sizes += len(body)
        latencies.append((time.perf_counter() - started - moment) * 1000)
        free.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        for moment in due:
            request = await make()
            await asyncio.sleep(max(0.0, started + moment - time.perf_counter()))
            group.create_task(one(moment, request))
    spent = time.perf_counter() - started
    while not free.empty():
        free.get_nowait().close()
    return Measured(len(latencies), spent, np.array(latencies), sizes / max(len(latencies), 1))

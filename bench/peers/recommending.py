"""Recommendations a second, how long one takes, and memory: each stack with the same readers.

All stacks run for the whole of it, each on the same core, and are asked in turn, round by round:
what else the machine does meets all of them.
"""

import random
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from bench.load import Connection, MakeRequest, Measured, closed_loop, open_loop
from bench.peers.stack import Click, Running, Stack
from bench.state import reader_id

CONNECTIONS = 8
OPEN_CONNECTIONS = 64
CLICKED = 0.1
"""So many requests come after a click."""
ROUNDS = 3


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    articles: int
    readers: int
    seconds: float
    """Of a row in a round."""


@dataclass
class Contender:
    """A stack that runs, and what was measured of it: a sample a round."""

    stack: Stack
    running: Running
    store: str
    click: Click
    samples: dict[str, list[Measured]] = field(default_factory=dict)

    def median(self, row: str, value: str, share: float = 0.0) -> float:
        """The median over the rounds, of ``per_second`` or of a percentile."""
        of_rounds = self.samples[row]
        if value == "per_second":
            return statistics.median(one.per_second for one in of_rounds)
        return statistics.median(one.percentile(share) for one in of_rounds)


async def compared(stacks: Sequence[Stack], size: Size) -> dict[str, dict[str, Any]]:
    """Each stack's figures by its name."""
    async with AsyncExitStack() as stack:
        contenders = [await _opened(one, size, stack) for one in stacks]
        for one in contenders:
            await _everyone(one, size)
        for _ in range(ROUNDS):
            for one in contenders:
                await _closed(one, "no clicks", 0.0, size)
            for one in contenders:
                await _closed(one, "1 in 10 after a click", CLICKED, size)
        slowest = min(one.median("1 in 10 after a click", "per_second") for one in contenders)
        for one in contenders:
            own = one.median("1 in 10 after a click", "per_second") / 2
            await _open(one, "half of its own highest load", own, size)
            await _open(one, "half of the slowest's", slowest / 2, size)
        return {one.stack.name: _figures(one) for one in contenders}


async def _opened(stack: Stack, size: Size, opened: AsyncExitStack) -> Contender:
    url = opened.enter_context(stack.store())
    await stack.fill(url, size.articles, size.readers)
    running = opened.enter_context(stack.served(url, core=0, threads=1))
    print(f"{stack.name}: ready in {running.ready_seconds:.1f} s", flush=True)
    return Contender(stack, running, url, await opened.enter_async_context(stack.clicking(url)))


async def _everyone(one: Contender, size: Size) -> None:
    """Every reader once: what is measured is a service that runs."""
    connection = await Connection.open(one.running.port)
    for number in range(size.readers):
        await connection.exchange(one.stack.recommend(reader_id(number)))
    connection.close()


async def _closed(one: Contender, row: str, clicked: float, size: Size) -> None:
    found = await closed_loop(
        one.running.port,
        _asked(one, clicked, size),
        connections=CONNECTIONS,
        seconds=size.seconds,
    )
    one.samples.setdefault(row, []).append(found)


async def _open(one: Contender, row: str, rate: float, size: Size) -> None:
    found = await open_loop(
        one.running.port,
        _asked(one, CLICKED, size),
        rate=rate,
        connections=OPEN_CONNECTIONS,
        seconds=size.seconds * ROUNDS,
    )
    one.samples.setdefault(row, []).append(found)


def _asked(one: Contender, clicked: float, size: Size) -> MakeRequest:
    rng = random.Random(11)

    async def make() -> bytes:
        user_id = reader_id(rng.randrange(size.readers))
        if rng.random() < clicked:
            await one.click(user_id, rng.randrange(size.articles))
        return one.stack.recommend(user_id)

    return make


def _figures(one: Contender) -> dict[str, Any]:
    rows = {
        row: {
            "per_second": one.median(row, "per_second"),
            "p50_ms": one.median(row, "percentile", 50),
            "p99_ms": one.median(row, "percentile", 99),
        }
        for row in one.samples
    }
    return {
        "rows": rows,
        "ready_seconds": one.running.ready_seconds,
        "server_mb": _pss_mb(one.running.pid),
        "store_mb": redis.from_url(one.store).info("memory")["used_memory"] / 1e6,
    }


def _pss_mb(pid: int) -> float:
    """The memory of a process, shared pages divided among those who share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000

"""Articles a second over HTTP: encoded, durable and searchable when they are acknowledged."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from bench.load import Connection
from bench.peers.stack import Running, Stack

IN_FLIGHT = 2
BATCH = 500
ONE_BY_ONE_IN_FLIGHT = 8
ROUNDS = 3
PART_ONE_BY_ONE = 4
"""One in so many of the titles is enough to see how fast single articles come in."""


def compared(
    stacks: Sequence[Stack], titles: Sequence[str], cores: int
) -> dict[str, dict[str, float]]:
    """Each stack's medians: in batches, and one by one by eight clients. All begin empty."""
    found: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as opened:
        running = [
            opened.enter_context(
                stack.served(opened.enter_context(stack.store()), core=None, threads=cores)
            )
            for stack in stacks
        ]
        for number in range(ROUNDS):
            for stack, one in zip(stacks, running, strict=True):
                rates = found.setdefault(stack.name, {"batches": [], "one by one": []})
                few = titles[::PART_ONE_BY_ONE]
                rates["batches"].append(_rate(stack, one, titles, f"b{number}-", BATCH, IN_FLIGHT))
                rates["one by one"].append(
                    _rate(stack, one, few, f"s{number}-", 1, ONE_BY_ONE_IN_FLIGHT)
                )
    return {
        name: {how: statistics.median(of_rounds) for how, of_rounds in rates.items()}
        for name, rates in found.items()
    }


def _rate(
    stack: Stack, running: Running, titles: Sequence[str], prefix: str, batch: int, in_flight: int
) -> float:
    requests = [stack.put(piece) for piece in _pieces(titles, prefix, batch)]
    started = time.perf_counter()
    asyncio.run(_send(running.port, requests, in_flight))
    return len(titles) / (time.perf_counter() - started)


def _pieces(titles: Sequence[str], prefix: str, batch: int) -> Iterator[Mapping[str, str]]:
    """Every round's ids and titles are new: nobody finds a text that is encoded already."""
    for first in range(0, len(titles), batch):
        piece = enumerate(titles[first : first + batch], start=first)
        yield {f"{prefix}{number}": f"{title} {prefix}" for number, title in piece}


async def _send(port: int, requests: Sequence[bytes], in_flight: int) -> None:
    waiting = iter(requests)

    async def one() -> None:
        connection = await Connection.open(port)
        for request in waiting:
            await connection.exchange(request)
        connection.close()

    await asyncio.gather(*(one() for _ in range(in_flight)))

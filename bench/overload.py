"""What happens when more articles come than can be encoded: latency and goodput of
``PUT /v1/articles/{id}`` against the load that is offered, from a quarter of what the service can
do to three times as much.

What it can do is measured first, by clients that each wait for their answer. Then articles arrive
at random moments (Poisson) of a mean rate, whether answers come or not, each with ``Prefer:
wait=2``; latency counts from the moment at which an article was due. Goodput is what was stored,
durable and searchable, and answered so within those two seconds. Who is refused (503) does not
come back. The load generator and Valkey run on the same cores.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count, cycle
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from bench.data import titles
from bench.load import Connection, closed_loop, post
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server

WAIT_SECONDS = 2
LOADS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
CLIENTS = 32
IDLE_SECONDS = 1.0
OUT = Path("bench/out")


@dataclass(frozen=True)
class Answer:
    """What became of an article, and how long after it was due."""

    status: int
    """0 where the connection broke."""
    ms: float
    retry_after: bool


@dataclass(frozen=True)
class Load:
    """What one offered load gave, in articles a second and milliseconds."""

    times_saturation: float
    offered: float
    goodput: float
    late: float
    """Stored, but answered after more than two seconds."""
    refused: float
    broken: float
    """Connections that ended without an answer."""
    p50_ms: float
    p99_ms: float
    """Of those that were stored."""
    refused_p99_ms: float

    @classmethod
    def of(cls, times: float, seconds: float, answers: Sequence[Answer]) -> "Load":
        """What the answers to ``seconds`` of arrivals say. Raises RuntimeError if an article
        was answered in any other way than stored or refused with ``Retry-After``.
        """
        stored = np.array([answer.ms for answer in answers if answer.status in (200, 201)])
        refused = np.array([answer.ms for answer in answers if answer.status == 503])
        hinted = sum(answer.status == 503 and answer.retry_after for answer in answers)
        broken = sum(answer.status == 0 for answer in answers)
        if len(stored) + hinted + broken != len(answers):
            raise RuntimeError(f"answers: {sorted({answer.status for answer in answers})}")
        in_time = int((stored <= WAIT_SECONDS * 1000).sum())
        return cls(
            times_saturation=times,
            offered=len(answers) / seconds,
            goodput=in_time / seconds,
            late=(len(stored) - in_time) / seconds,
            refused=len(refused) / seconds,
            broken=broken / seconds,
            p50_ms=float(np.percentile(stored, 50)),
            p99_ms=float(np.percentile(stored, 99)),
            refused_p99_ms=float(np.percentile(refused, 99)) if len(refused) else 0.0,
        )


def main() -> None:
    """Measure, print a table, and write ``bench/out/overload.json`` and ``overload.png``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = ["--model-store", str(options.model_store), "--model", options.model]
        arguments = ["serve", "--port", "0", "--data-dir", folder, *store]
        with server("service.cli", arguments, None, Path(folder) / "log") as port:
            saturation, loads = asyncio.run(_measured(port, options.seconds))
    _report(saturation, loads)


async def _measured(port: int, seconds: float) -> tuple[float, list[Load]]:
    puts = _puts()

    async def make() -> bytes:
        return next(puts)

    await closed_loop(port, make, connections=CLIENTS, seconds=seconds / 4)
    closed = await closed_loop(port, make, connections=CLIENTS, seconds=seconds)
    loads = []
    for times in LOADS:
        answers = await _arrivals(port, puts, closed.per_second * times, seconds)
        loads.append(Load.of(times, seconds, answers))
        print(loads[-1], flush=True)
    return closed.per_second, loads


def _puts() -> Iterator[bytes]:
    """Articles without end, no two of the same id or text."""
    _, texts = titles(60_000)
    for number, title in zip(count(), cycle(texts), strict=False):
        body = json.dumps({"title": f"{title} {number}"}).encode()
        wait = f"prefer: wait={WAIT_SECONDS}\r\n"
        yield post(f"/v1/articles/a{number}", body, "PUT", wait)


async def _arrivals(port: int, puts: Iterator[bytes], rate: float, seconds: float) -> list[Answer]:
    """Send at random moments; a connection more is opened whenever all are busy, or have been
    idle for so long that the server may be hanging up.
    """
    rng = np.random.default_rng(7)
    due = np.cumsum(rng.exponential(1 / rate, round(rate * seconds)))
    free: list[tuple[float, Connection]] = []
    started = time.perf_counter()

    async def one(moment: float, request: bytes) -> Answer:
        now = time.perf_counter()
        since, connection = free.pop() if free else (now, None)
        if connection is None or now - since > IDLE_SECONDS:
            connection = await Connection.open(port)
        head = b""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head, _ = await connection.answered(request)
            free.append((time.perf_counter(), connection))
        ms = (time.perf_counter() - started - moment) * 1000
        return Answer(int(head[9:12] or 0), ms, b"retry-after:" in head.lower())

    async with asyncio.TaskGroup() as group:
        sent = []
        for moment, request in zip(due, puts, strict=False):
            await asyncio.sleep(max(0.0, started + moment - time.perf_counter()))
            sent.append(group.create_task(one(moment, request)))
    for _, connection in free:
        connection.close()
    return [task.result() for task in sent]


def _report(saturation: float, loads: Sequence[Load]) -> None:
    print(f"{describe()}; clients that wait: {saturation:.0f} articles/s")
    print(
        "| of saturation | offered/s | goodput/s | late/s | refused/s | broken/s "
        "| p50 ms | p99 ms |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for load in loads:
        print(
            f"| {load.times_saturation:g} | {load.offered:.0f} | {load.goodput:.0f} "
            f"| {load.late:.1f} | {load.refused:.0f} "
            f"| {load.broken:.1f} | {load.p50_ms:.0f} | {load.p99_ms:.0f} |"
        )
    OUT.mkdir(exist_ok=True)
    results = {
        "machine": describe(),
        "saturation": saturation,
        "loads": [asdict(load) for load in loads],
    }
    (OUT / "overload.json").write_text(json.dumps(results, indent=2) + "\n")
    _plot(saturation, loads)


def _plot(saturation: float, loads: Sequence[Load]) -> None:
    offered = [load.offered for load in loads]
    figure, (rates, latency) = plt.subplots(2, 1, figsize=(7, 7), sharex=True)
    rates.plot(offered, offered, ":", color="grey", label="offered")
    rates.plot(offered, [load.goodput for load in loads], "o-", label="stored within 2 s")
    rates.plot(offered, [load.refused for load in loads], "s--", label="refused (503)")
    rates.set_ylabel("articles/s")
    latency.plot(offered, [load.p50_ms for load in loads], "o-", label="p50 of the stored")
    latency.plot(offered, [load.p99_ms for load in loads], "s--", label="p99 of the stored")
    latency.set(xlabel="offered, articles/s", ylabel="ms", yscale="log")
    for axes in (rates, latency):
        axes.axvline(saturation, color="grey", linewidth=0.8)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.tight_layout()
    figure.savefig(OUT / "overload.png", dpi=120)


if __name__ == "__main__":
    main()

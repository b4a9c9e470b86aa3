"""How soon every process knows what one was told: three replicas of two workers, under load.

An article is put (or withdrawn) at one process; the time is taken from its answer until each of
the other five recommends it (or does not any more). Meanwhile all are asked for recommendations.
After every click at one process the reader's next request goes to another, which must count it.
"""

import argparse
import asyncio
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server
from service.adapters.embedded_valkey import EmbeddedValkey

REPLICAS, WORKERS = 3, 2
STOCK = 2_000
"""Articles that are there from the beginning."""
LOOK_EVERY_SECONDS = 0.005
READERS = 500


@dataclass(frozen=True)
class Process:
    """One worker, by a connection that stays with it."""

    client: httpx.AsyncClient
    replica: int


def main() -> None:
    """Measure, print a table, and write ``bench/out/replicas.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--load", type=float, default=60.0, help="Recommendations a second.")
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(EmbeddedValkey(folder / "store")).url
        processes: list[Process] = []
        for replica in range(REPLICAS):
            port = stack.enter_context(_service(options, url, folder, replica))
            processes += await _every_worker(stack, port, replica)
        await _stocked(processes[0])
        load = asyncio.create_task(_load(processes, options.load))
        puts, withdrawals, missed = await _told(processes, options.articles)
        load.cancel()
        asked = await asyncio.gather(load, return_exceptions=True)
        if not isinstance(asked[0], asyncio.CancelledError):
            raise RuntimeError("the load ended early") from asked[0]
    _report(options, puts, withdrawals, missed)


def _service(options: argparse.Namespace, url: str, folder: Path, replica: int):
    arguments = ["serve", "--port", "0", "--redis-url", url, "--workers", str(WORKERS)]
    arguments += ["--data-dir", str(folder / f"replica-{replica}")]
    arguments += ["--model-store", str(options.model_store), "--model", options.model]
    return server("service.cli", arguments, None, folder / f"replica-{replica}.log")


async def _every_worker(stack: AsyncExitStack, port: int, replica: int) -> list[Process]:
    """A connection to each worker: connect until all have been met."""
    met: dict[int, Process] = {}
    while len(met) < WORKERS:
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            timeout=60,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )
        await stack.enter_async_context(client)
        number = (await client.get("/health/live")).json()["process"]
        met.setdefault(number, Process(client, replica))
    return list(met.values())


async def _stocked(process: Process) -> None:
    for first in range(0, STOCK, 500):
        batch = [
            {"article_id": f"stock{n}", "title": f"Harbour story number {n} of the day"}
            for n in range(first, first + 500)
        ]
        (await process.client.post("/v1/articles", json=batch)).raise_for_status()


async def _load(processes: Sequence[Process], rate: float) -> None:
    """Recommendations at random moments, on connections of their own."""
    rng = random.Random(1)
    clients = [
        httpx.AsyncClient(base_url=process.client.base_url, timeout=60)
        for process in processes[::WORKERS]
    ]
    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(rng.expovariate(rate))
            body = {"user_id": f"r{rng.randrange(READERS)}", "limit": 20}
            group.create_task(rng.choice(clients).post("/v1/recommend", json=body))


async def _told(processes: Sequence[Process], count: int) -> tuple[list[float], list[float], int]:
    rng = random.Random(2)
    puts: list[float] = []
    withdrawals: list[float] = []
    missed = 0
    for number in range(count):
        teller = rng.choice(processes)
        others = [process for process in processes if process is not teller]
        article_id = f"news{number}"
        body = {"title": f"News number {number} from the harbour"}
        (await teller.client.put(f"/v1/articles/{article_id}", json=body)).raise_for_status()
        puts += await _until_all(others, article_id, lambda status: status == 200)
        missed += await _click_missed(processes, rng, article_id)
        (await teller.client.delete(f"/v1/articles/{article_id}")).raise_for_status()
        withdrawals += await _until_all(others, article_id, lambda status: status == 404)
    return puts, withdrawals, missed


async def _until_all(
    processes: Sequence[Process], article_id: str, known: Callable[[int], bool]
) -> list[float]:
    """How long (s) each process takes."""
    told = time.perf_counter()

    async def until(process: Process) -> float:
        for looked in itertools.count():
            if looked:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            answer = await process.client.get(f"/v1/articles/{article_id}/similar?limit=1")
            if known(answer.status_code):
                break
        return time.perf_counter() - told

    return list(await asyncio.gather(*(until(process) for process in processes)))


async def _click_missed(processes: Sequence[Process], rng: random.Random, article_id: str) -> bool:
    """Whether a click at one process is not yet counted by the next request at another."""
    one, other = rng.sample(list(processes), 2)
    reader = f"r{rng.randrange(READERS)}"
    event = {"user_id": reader, "article_id": article_id, "type": "click"}
    (await one.client.post("/v1/events", json=[event])).raise_for_status()
    body = {"user_id": reader, "limit": 100, "explain": True}
    answer = (await other.client.post("/v1/recommend", json=body)).raise_for_status().json()
    clicks = {click["article_id"] for click in answer["items"][0]["reason"]["clicks"]}
    shown = {item["article_id"] for item in answer["items"]}
    return article_id in shown or article_id not in clicks


def _report(
    options: argparse.Namespace, puts: list[float], withdrawals: list[float], missed: int
) -> None:
    print(describe())
    print(f"{REPLICAS} replicas of {WORKERS} workers, {options.load:.0f} recommendations a second")
    results = {"machine": describe(), "clicks": options.articles, "clicks_missed": missed}
    for name, seconds in (("put", puts), ("withdrawal", withdrawals)):
        p50, p99, most = np.percentile(seconds, [50, 99, 100]) * 1000
        print(
            f"{name:12} known by another process after: p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
            f"at most {most:.0f} ms ({len(seconds)} times)"
        )
        results[name] = {"p50_ms": p50, "p99_ms": p99, "max_ms": most, "count": len(seconds)}
    print(f"clicks not counted by the very next request: {missed} of {options.articles}")
    out = Path("bench/out/replicas.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""What articles, workers and requests cost: the numbers behind ``docs/scaling.md``.

Real processes. Articles carry vectors and a short title (``bench.state``); 1,000 readers of 50
clicks ask. A start is timed from the beginning of the process until it says that it is ready, its
files in the page cache. A worker's memory is read when every reader has been answered. Processor
time is what the system counts for the workers and for Valkey: other work on the machine weighs less
on it than on requests a second.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from bench.load import MakeRequest, Measured, closed_loop, post
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server
from bench.state import CLICKS, act, article_id, fill, reader_id
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.article_log import logged
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.domain.event import Event
from service.settings import Settings

READERS = 1_000
LIMIT, DIVERSITY = 20, 0.3
STARTS = 3
SCANS = 10
LOGGED = 5_000
CONNECTIONS = 16
IDLE_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")
OUT = Path("bench/out/capacity.json")
Figures = dict[str, float]


@dataclass(frozen=True)
class Bench:
    """A state store with ``articles`` in it, and how to run the service on it."""

    connection: Connection
    readers: RedisReaders
    articles: int
    url: str
    data: Path
    options: argparse.Namespace

    @contextmanager
    def service(self, workers: int) -> Iterator[int]:
        """The service's port."""
        arguments = ["serve", "--port", "0", "--redis-url", self.url]
        arguments += ["--workers", str(workers), "--data-dir", str(self.data)]
        arguments += ["--model-store", str(self.options.model_store), "--model", self.options.model]
        with server("service.cli", arguments, None, self.data.with_suffix(".log")) as port:
            yield port

    def asked(self, share_after_click: float) -> MakeRequest:
        """Recommendations for readers drawn at random, some of whom have just clicked."""
        rng = random.Random(11)

        async def make() -> bytes:
            user_id = reader_id(rng.randrange(READERS))
            if rng.random() < share_after_click:
                await act(self.readers, user_id, "click", rng.randrange(self.articles))
            return _recommend(user_id)

        return make

    def clicked(self) -> MakeRequest:
        """Clicks, one a request."""
        rng = random.Random(12)

        async def make() -> bytes:
            click = {
                "user_id": reader_id(rng.randrange(READERS)),
                "article_id": article_id(rng.randrange(self.articles)),
                "type": "click",
            }
            return post("/v1/events", json.dumps([click]).encode())

        return make


def main() -> None:
    """Measure, print a table, and write ``bench/out/capacity.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    _report({count: asyncio.run(_measured(options, count)) for count in options.articles})


async def _measured(options: argparse.Namespace, articles: int) -> Figures:
    manifest = find_artefact(
        Settings(model_store=options.model_store, model=options.model)
    ).manifest
    with tempfile.TemporaryDirectory() as name, EmbeddedValkey(Path(name) / "store") as valkey:
        connection = Connection(valkey.url)
        await connection.open()
        readers = RedisReaders(
            connection, model=manifest.reference, history_length=CLICKS, reader_seconds=86_400
        )
        bench = Bench(connection, readers, articles, valkey.url, Path(name) / "data", options)
        before = await _used(connection)
        await fill(connection, readers, manifest, articles, 0)
        figures = {"Valkey, bytes an article": (await _used(connection) - before) / articles}
        figures |= await _pieces(connection, manifest.reference, articles)
        await _readers(bench)
        figures |= await _scan(bench)
        figures |= _starts(bench)
        for workers in (1, 4):
            figures |= await _memory(bench, workers)
        for workers in (1, 2):
            figures |= await _traffic(bench, workers)
        await connection.close()
    return figures


async def _pieces(connection: Connection, model: str, articles: int) -> Figures:
    """An article's parts in the store, and an entry of the article log with one article."""
    some = [article_id(number) for number in range(0, articles, articles // 1_000)]
    before = await _used(connection)
    for number in range(LOGGED):
        await logged(connection, "put", [(article_id(number), time.time_ns() // 1_000)])
    return {
        "  its document": await _usage(connection, [keys.article(one) for one in some]),
        "  its vector": await _usage(connection, [keys.vector(one, model) for one in some]),
        "Valkey, bytes a log entry": (await _used(connection) - before) / LOGGED,
    }


async def _readers(bench: Bench) -> None:
    rng = np.random.default_rng(6)
    for number in range(READERS):
        clicked = rng.integers(bench.articles, size=CLICKS).tolist()
        events = [
            Event(user_id=reader_id(number), article_id=article_id(one), type="click")
            for one in clicked
        ]
        await bench.readers.record(events, int(time.time() * 1000))


async def _scan(bench: Bench) -> Figures:
    """What it costs to look for articles among all keys, as one process of each machine does."""
    before = await _valkey_seconds(bench.connection)
    for _ in range(SCANS):
        async for _ in bench.connection.scan(keys.ARTICLE_PREFIX + b"*"):
            pass
    spent = (await _valkey_seconds(bench.connection) - before) / SCANS
    count = await bench.connection.send("DBSIZE")
    return {"Valkey's CPU s for a scan of a million keys": 1e6 * spent / count}


def _starts(bench: Bench) -> Figures:
    """Seconds to ready, and what a generation takes on disk."""
    first = _start(bench)
    again = [_start(bench) for _ in range(STARTS)]
    files = [path for path in bench.data.rglob("*") if path.is_file()]
    return {
        "disk, bytes an article": sum(path.stat().st_size for path in files) / bench.articles,
        "start to ready, no generation, s": first,
        "start to ready, from a generation, s": float(np.median(again)),
    }


def _start(bench: Bench) -> float:
    started = time.perf_counter()
    with bench.service(1):
        return time.perf_counter() - started


async def _memory(bench: Bench, workers: int) -> Figures:
    """What each worker holds for itself and what they share, MB; what all add up to."""
    with bench.service(workers) as port:
        each = await _every_worker(port, workers)
        held = [_rollup(pid) for pid in each]
    mean = {name: sum(one[name] for one in held) / workers / 1e3 for name in held[0]}
    label = f"{workers} worker{'s' * (workers > 1)}, MB"
    return {
        f"{label}: of its own (dirty), each": mean["Private_Dirty"],
        f"{label}: files, each": mean["Private_Clean"] + mean["Shared_Clean"],
        f"{label}: all together (Pss)": mean["Pss"] * workers,
    }


async def _every_worker(port: int, workers: int) -> list[int]:
    """The workers' process ids, when each has answered every reader."""
    met: set[int] = set()
    while len(met) < workers:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as client:
            pid = (await client.get("/health/live")).json()["process"]
            if pid not in met:
                met.add(pid)
                for number in range(READERS):
                    body = _body(reader_id(number))
                    (await client.post("/v1/recommend", json=body)).raise_for_status()
    return sorted(met)


def _rollup(pid: int) -> dict[str, int]:
    """KB by kind."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


async def _traffic(bench: Bench, workers: int) -> Figures:
    label = f"{workers} worker{'s' * (workers > 1)}"
    with bench.service(workers) as port:
        pids = await _every_worker(port, workers)
        figures = await _idle(bench, pids, label)
        for name, make in (
            ("recommend", bench.asked(0.0)),
            ("recommend after a click", bench.asked(1.0)),
            ("click", bench.clicked()),
        ):
            figures |= await _under(bench, port, pids, f"{label}, {name}", make)
    return figures


async def _idle(bench: Bench, pids: Sequence[int], label: str) -> Figures:
    """What following, counting and watching cost while nothing happens."""
    own, valkey = _seconds(pids), await _valkey_seconds(bench.connection)
    await asyncio.sleep(IDLE_SECONDS)
    each = 1000 / IDLE_SECONDS / len(pids)
    return {
        f"{label}, idle: CPU ms a second, each": each * (_seconds(pids) - own),
        f"{label}, idle: Valkey's CPU ms a second, each": (
            each * (await _valkey_seconds(bench.connection) - valkey)
        ),
    }


async def _under(
    bench: Bench, port: int, pids: Sequence[int], label: str, make: MakeRequest
) -> Figures:
    own, valkey = _seconds(pids), await _valkey_seconds(bench.connection)
    measured: Measured = await closed_loop(
        port, make, connections=CONNECTIONS, seconds=bench.options.seconds
    )
    own = _seconds(pids) - own
    valkey = await _valkey_seconds(bench.connection) - valkey
    return {
        f"{label}: requests/s": measured.per_second,
        f"{label}: CPU ms a request": 1000 * own / measured.requests,
        f"{label}: Valkey's CPU ms a request": 1000 * valkey / measured.requests,
    }


def _seconds(pids: Sequence[int]) -> float:
    """Processor seconds that the processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(of[11]) + int(of[12]) for of in fields) / TICKS


async def _valkey_seconds(connection: Connection) -> float:
    said = await connection.send("INFO", "cpu")
    return float(said["used_cpu_user"]) + float(said["used_cpu_sys"])


async def _used(connection: Connection) -> int:
    return int((await connection.send("INFO", "memory"))["used_memory"])


async def _usage(connection: Connection, names: Sequence[str]) -> float:
    """Mean ``MEMORY USAGE``, every value sampled."""
    held = await connection.send_all(("MEMORY", "USAGE", name, "SAMPLES", 0) for name in names)
    return float(np.mean(held))


def _body(user_id: str) -> dict[str, object]:
    return {"user_id": user_id, "limit": LIMIT, "diversity": DIVERSITY}


def _recommend(user_id: str) -> bytes:
    return post("/v1/recommend", json.dumps(_body(user_id)).encode())


def _report(sizes: dict[int, Figures]) -> None:
    load = os.getloadavg()
    print(describe())
    print("load average at the end, 1, 5, 15 minutes:", *(f"{one:.1f}" for one in load))
    print(f"{'articles':56}" + "".join(f"{count:>12,}" for count in sizes))
    for name in next(iter(sizes.values())):
        print(f"{name:56}" + "".join(f"{of[name]:12,.2f}" for of in sizes.values()))
    OUT.parent.mkdir(exist_ok=True)
    results = {"machine": describe(), "load_average": load, "articles": sizes}
    OUT.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

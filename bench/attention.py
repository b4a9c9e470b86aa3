"""What a user encoder costs a recommendation: latency with attention against late fusion.

For each model a state store with the same number of articles and readers of 50 clicks, and a
service on one core (the same for all, one is asked at a time). Requests leave at random moments, at
half of the highest load that late fusion takes, every reader having been there before; one in ten
comes after a click, which undoes the vector that was kept. The models take turns, so that what else
the machine does strikes all alike; the processor's time for a request depends on it the least.
Articles' vectors are random; user encoders cost the same whatever they are given.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import MakeRequest, closed_loop, open_loop, post
from bench.machine import describe
from bench.processes import cpu_seconds, serving
from bench.recommend import visit_everyone
from bench.state import act, fill, reader_id
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.settings import Settings

LIMIT = 20
DIVERSITY = 0.3
AFTER_A_CLICK = 0.1
CONNECTIONS = 64


@dataclass(frozen=True)
class Stand:
    """A service under one model, and requests to it."""

    model: str
    pid: int
    port: int
    make: MakeRequest


@dataclass(frozen=True)
class Turn:
    """What one round gave of one model: latencies, and the service's time for each request."""

    p50_ms: float
    p99_ms: float
    cpu_ms: float


def main() -> None:
    """Measure, print a table, and write ``bench/out/attention.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-store", type=Path, required=True)
    parser.add_argument("--late-fusion", required=True, metavar="MODEL")
    parser.add_argument("--attention", required=True, metavar="MODEL", nargs="+")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=1_000)
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    models = [options.late_fusion, *options.attention]
    async with AsyncExitStack() as stack:
        stands = [await stack.enter_async_context(_stand(options, model)) for model in models]
        for stand in stands:
            await visit_everyone(stand.port, options.readers)
        rate = await _highest(stands[0], options.seconds) / 2
        rounds = [
            [await _turn(stand, rate, options.seconds) for stand in stands]
            for _ in range(options.rounds)
        ]
    _report(models, rate, rounds)


async def _highest(stand: Stand, seconds: float) -> float:
    """How many requests a second the service takes."""
    await closed_loop(stand.port, stand.make, connections=8, seconds=seconds / 3)
    return (await closed_loop(stand.port, stand.make, connections=8, seconds=seconds)).per_second


@asynccontextmanager
async def _stand(options: argparse.Namespace, model: str) -> AsyncIterator[Stand]:
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as valkey:
        settings = Settings(redis_url=valkey.url, model_store=options.model_store, model=model)
        manifest = find_artefact(settings).manifest
        connection = Connection(valkey.url)
        await connection.open()
        readers = RedisReaders(
            connection, model=manifest.reference, history_length=50, reader_seconds=86_400
        )
        await fill(connection, readers, manifest, options.articles, options.readers)
        where = ["--redis-url", valkey.url, "--data-dir", folder]
        arguments = ["--port", "0", *where, "--model-store", str(options.model_store)]
        log = Path(folder) / "service.log"
        arguments = ["serve", *arguments, "--model", model]
        with serving("service.cli", arguments, 0, log) as (pid, port):
            yield Stand(model, pid, port, _asked(options, readers))
        await connection.close()


def _asked(options: argparse.Namespace, readers: RedisReaders) -> MakeRequest:
    rng = random.Random(11)

    async def make() -> bytes:
        user_id = reader_id(rng.randrange(options.readers))
        if rng.random() < AFTER_A_CLICK:
            await act(readers, user_id, "click", rng.randrange(options.articles))
        body = {"user_id": user_id, "limit": LIMIT, "diversity": DIVERSITY}
        return post("/v1/recommend", json.dumps(body).encode())

    return make


async def _turn(stand: Stand, rate: float, seconds: float) -> Turn:
    before = cpu_seconds(stand.pid)
    measured = await open_loop(
        stand.port, stand.make, rate=rate, connections=CONNECTIONS, seconds=seconds
    )
    spent = cpu_seconds(stand.pid) - before
    return Turn(measured.percentile(50), measured.percentile(99), spent / measured.requests * 1000)


def _report(models: Sequence[str], rate: float, rounds: Sequence[Sequence[Turn]]) -> None:
    print(describe())
    print(f"{rate:.0f} requests/s; medians of {len(rounds)} rounds; ratio: of p99 to late fusion's")
    print(f"{'':16}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'ratio':>8}   lowest, highest ratio")
    rows = {}
    for place, model in enumerate(models):
        turns = [turns[place] for turns in rounds]
        ratios = [turns[place].p99_ms / turns[0].p99_ms for turns in rounds]
        row = {
            "p50_ms": median(turn.p50_ms for turn in turns),
            "p99_ms": median(turn.p99_ms for turn in turns),
            "cpu_ms": median(turn.cpu_ms for turn in turns),
            "ratio": median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
        }
        rows[model] = row
        print(
            f"{model:16}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}{row['cpu_ms']:9.2f}"
            f"{row['ratio']:8.2f}   {row['lowest']:.2f}, {row['highest']:.2f}"
        )
    out = Path("bench/out/attention.json")
    out.parent.mkdir(exist_ok=True)
    results = {"machine": describe(), "per_second": rate, "rows": rows}
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

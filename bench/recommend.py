"""How many recommendations a second one worker gives, against a no-op on the same framework.

100,000 articles × 384, 10,000 readers of 50 clicks drawn at random, 20 items, diversity on. The
articles' vectors are random (clustered, unit length): exact search costs the same whatever they
say. The service runs on one core; the load generator and Valkey on the other. Clicks of the
"after a click" rows go straight into the reader store, so that a row counts recommendations alone.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.load import Connection, MakeRequest, Measured, closed_loop, open_loop, post
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server
from bench.state import ARTICLES, READERS, act, fill, reader_id
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection as StoreConnection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.settings import Settings

LIMIT = 20
DIVERSITY = 0.3
CONNECTIONS = 8


def main() -> None:
    """Measure, print a table, and write ``bench/out/recommend.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--readers", type=int, default=READERS)
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as valkey:
        settings = Settings(
            redis_url=valkey.url, model_store=options.model_store, model=options.model
        )
        manifest = find_artefact(settings).manifest
        connection = StoreConnection(valkey.url)
        await connection.open()
        readers = RedisReaders(
            connection, model=manifest.reference, history_length=50, reader_seconds=86_400
        )
        await fill(connection, readers, manifest, options.articles, options.readers)
        rows = await _rows(options, valkey.url, readers, Path(folder))
        await connection.close()
    _report(rows)


async def _rows(
    options: argparse.Namespace, url: str, readers: RedisReaders, folder: Path
) -> dict[str, Measured]:
    def asked(share_after_click: float) -> MakeRequest:
        rng = random.Random(11)

        async def make() -> bytes:
            user_id = reader_id(rng.randrange(options.readers))
            if rng.random() < share_after_click:
                await act(readers, user_id, "click", rng.randrange(options.articles))
            body = {"user_id": user_id, "limit": LIMIT, "diversity": DIVERSITY}
            return post("/v1/recommend", json.dumps(body).encode())

        return make

    async def throughput(port: int, make: MakeRequest) -> Measured:
        await closed_loop(port, make, connections=CONNECTIONS, seconds=options.seconds / 3)
        return await closed_loop(port, make, connections=CONNECTIONS, seconds=options.seconds)

    rows: dict[str, Measured] = {}
    with server("bench.no_op", [], 0, folder / "no_op.log") as port:
        rows["no-op"] = await throughput(port, asked(0))
    store = ["--model-store", str(options.model_store), "--model", options.model]
    arguments = ["serve", "--port", "0", "--redis-url", url, *store]
    with server("service.cli", arguments, 0, folder / "service.log") as port:
        rows["each reader's first"] = await visit_everyone(port, options.readers)
        rows["no clicks"] = await throughput(port, asked(0))
        rows["1 in 10 after a click"] = await throughput(port, asked(0.1))
        rows["each after a click"] = await throughput(port, asked(1))
        half = rows["1 in 10 after a click"].per_second / 2
        rows["half the highest load"] = await open_loop(
            port, asked(0.1), rate=half, connections=64, seconds=options.seconds
        )
    return rows


async def visit_everyone(port: int, readers: int) -> Measured:
    """Every reader once: what the rows after this one measure is a service that runs."""
    connection, latencies = await Connection.open(port), []
    started = time.perf_counter()
    for number in range(readers):
        body = {"user_id": reader_id(number), "limit": LIMIT, "diversity": DIVERSITY}
        sent = time.perf_counter()
        answer = await connection.exchange(post("/v1/recommend", json.dumps(body).encode()))
        latencies.append((time.perf_counter() - sent) * 1000)
    connection.close()
    seconds = time.perf_counter() - started
    return Measured(readers, seconds, np.array(latencies), len(answer))


def _report(rows: dict[str, Measured]) -> None:
    base = rows["no-op"].per_second
    print(describe())
    print(f"{'':26}{'req/s':>9}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'bytes':>8}")
    for name, row in rows.items():
        print(
            f"{name:26}{row.per_second:9.0f}{row.per_second / base:8.3f}"
            f"{row.percentile(50):9.2f}{row.percentile(99):9.2f}{row.response_bytes:8.0f}"
        )
    out = Path("bench/out/recommend.json")
    out.parent.mkdir(exist_ok=True)
    results = {
        name: {
            "per_second": row.per_second,
            "ratio": row.per_second / base,
            "p50_ms": row.percentile(50),
            "p99_ms": row.percentile(99),
        }
        for name, row in rows.items()
    }
    out.write_text(json.dumps({"machine": describe(), "rows": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()

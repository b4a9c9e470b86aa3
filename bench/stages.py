"""Where the time of a recommendation goes: each stage's milliseconds as in ``Server-Timing``.

100,000 articles × 384, readers of 50 clicks, 20 items; a policy with every stage on. One request at
a time, so that a stage waits for nobody. The policy stages (exclude, explore, score, rerank,
explain) together should stay under 0.5 ms for 200 candidates.
"""

import argparse
import asyncio
import json
import random
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import httpx
import numpy as np

from bench.machine import describe
from bench.processes import server
from bench.state import ARTICLES, act, fill, reader_id
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.settings import Settings

POLICY_STAGES = ("exclude", "explore", "score", "rerank", "explain")
EVERYTHING_ON = """
[scenarios.everything]
diversity = 0.3
calibration = 0.2
language_affinity = 0.2
[scenarios.everything.caps]
source = 0.4
category = 0.5
"""
SCENARIOS = ("model", "default", "everything")
READERS = 500
REQUESTS = 1_500


def main() -> None:
    """Measure, print a table, and write ``bench/out/stages.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-store", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedValkey(Path(name)) as valkey:
        folder = Path(name)
        asyncio.run(_fill(options, valkey.url))
        (folder / "policies.toml").write_text(EVERYTHING_ON)
        store = ["--model-store", str(options.model_store), "--model", options.model]
        policies = ["--policies-file", str(folder / "policies.toml")]
        arguments = ["serve", "--port", "0", "--redis-url", valkey.url, *store, *policies]
        with server("service.cli", arguments, 0, folder / "service.log") as port:
            rows = {scenario: _measured(port, scenario) for scenario in SCENARIOS}
    _report(rows)


async def _fill(options: argparse.Namespace, url: str) -> None:
    settings = Settings(redis_url=url, model_store=options.model_store, model=options.model)
    manifest = find_artefact(settings).manifest
    connection = Connection(url)
    await connection.open()
    readers = RedisReaders(
        connection, model=manifest.reference, history_length=50, reader_seconds=86_400
    )
    await fill(connection, readers, manifest, options.articles, READERS)
    for number in range(READERS):
        await act(readers, reader_id(number), "hide", number)
        for shown in range(20):
            await act(readers, reader_id(number), "impression", number + shown)
    await connection.close()


def _measured(port: int, scenario: str) -> dict[str, np.ndarray]:
    rng, stages = random.Random(5), defaultdict(list)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        for number in range(REQUESTS + READERS):
            warm = number >= READERS
            reader = rng.randrange(READERS) if warm else number
            body = {"user_id": reader_id(reader), "limit": 20, "scenario": scenario}
            answer = client.post("/v1/recommend", json=body).raise_for_status()
            if warm:
                timing = answer.headers["Server-Timing"]
                for stage, ms in re.findall(r"(\w+);dur=([\d.]+)", timing):
                    stages[stage].append(float(ms))
    return {stage: np.array(values) for stage, values in stages.items()}


def _report(rows: dict[str, dict[str, np.ndarray]]) -> None:
    print(describe())
    results: dict[str, dict[str, float]] = {}
    for scenario, stages in rows.items():
        medians = {stage: float(np.median(values)) for stage, values in stages.items()}
        medians["policy"] = float(np.median(sum(stages[name] for name in POLICY_STAGES)))
        results[scenario] = medians
    names = list(next(iter(results.values())))
    print(f"{'median ms':12}" + "".join(f"{name:>12}" for name in names))
    for scenario, medians in results.items():
        print(f"{scenario:12}" + "".join(f"{medians[name]:12.3f}" for name in names))
    out = Path("bench/out/stages.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"machine": describe(), "median_ms": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()

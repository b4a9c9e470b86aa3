"""Where the time of a recommendation goes: each stage in milliseconds, as in ``Server-Timing``.

100,000 articles × 384, readers of 50 clicks, 20 items, some 240 candidates; also a policy with
every stage on. The pipeline runs in this process, one request at a time, so that a stage waits for
nobody. The policy stages (exclude, explore, score, rerank) together should stay under 0.5 ms.
"""

import argparse
import asyncio
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench.machine import describe
from bench.model import may_name_a_model
from bench.state import ARTICLES, act, fill, reader_id
from model_store.manifest import Manifest
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.domain.recommendation import RecommendRequest
from service.pipeline.newsstand import Newsstand
from service.pipeline.recommend import recommend
from service.pipeline.stages import Stages
from service.settings import Settings
from service.upkeep import opened

POLICY_STAGES = ("exclude", "explore", "score", "rerank")
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
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name, EmbeddedValkey(Path(name)) as valkey:
        policies = Path(name) / "policies.toml"
        policies.write_text(EVERYTHING_ON)
        settings = Settings(
            redis_url=valkey.url,
            model_store=options.model_store,
            model=options.model,
            policies_file=policies,
        )
        artefact = find_artefact(settings)
        await _fill(options, valkey.url, artefact.manifest)
        async with opened(settings, artefact) as running:
            rows = {scenario: await _medians(running.newsstand, scenario) for scenario in SCENARIOS}
    _report(rows)


async def _fill(options: argparse.Namespace, url: str, manifest: Manifest) -> None:
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


async def _medians(newsstand: Newsstand, scenario: str) -> dict[str, np.ndarray]:
    """Each stage's milliseconds, once every reader has been there."""
    taken: dict[str, list[float]] = defaultdict(list)
    for number in range(READERS + REQUESTS):
        reader = reader_id(number % READERS)
        request = RecommendRequest(user_id=reader, limit=20, scenario=scenario)
        stages = Stages()
        await recommend(newsstand, request, stages)
        if number >= READERS:
            for stage, ms in stages.milliseconds.items():
                taken[stage].append(ms)
    return {stage: np.array(values) for stage, values in taken.items()}


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

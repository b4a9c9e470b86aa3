"""Searching while a thousand articles a second arrive: what it costs, and that nothing is missed.

100,000 articles are there; more arrive, vectors given, through the store, the log and the
catalogue, as ingest brings them once they are encoded. After each batch what was just acknowledged
is searched for by its own vector, and what was withdrawn must not be found. Generations are sealed
and adopted meanwhile. The event loop's lateness is that of a timer that is due every 5 ms.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.machine import describe
from bench.model import may_name_a_model
from bench.state import CLUSTERS, fill, made
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.composition import find_artefact
from service.pipeline.ingest import withdraw
from service.pipeline.newsstand import Newsstand
from service.ports import ArticleWrite, StoredArticle
from service.settings import Settings
from service.upkeep import opened

BATCH = 50
TICK_SECONDS = 0.005
LIMIT = 240


def main() -> None:
    """Measure, print, and write ``bench/out/arrivals.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=1_000.0, help="Articles a second.")
    parser.add_argument("--seconds", type=float, default=30.0)
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as valkey:
        settings = Settings(
            redis_url=valkey.url,
            data_dir=Path(folder),
            model_store=options.model_store,
            model=options.model,
        )
        artefact = find_artefact(settings)
        connection = Connection(valkey.url)
        readers = RedisReaders(
            connection, model=artefact.manifest.reference, history_length=50, reader_seconds=86_400
        )
        await fill(connection, readers, artefact.manifest, options.articles, 0)
        await connection.close()
        async with opened(settings, artefact) as running:
            newsstand = running.newsstand
            quiet = await _run(newsstand, options, rate=0.0)
            busy = await _run(newsstand, options, rate=options.rate)
    _report(options, quiet, busy)


async def _run(newsstand: Newsstand, options: argparse.Namespace, rate: float) -> dict[str, float]:
    """Search for some seconds, while so many articles a second arrive."""
    rng = np.random.default_rng(9)
    centres = rng.standard_normal((CLUSTERS, newsstand.encoder.dimension))
    searches: list[float] = []
    late: list[float] = []
    withdrawn: set[str] = set()
    missed = returned = 0
    ticking = asyncio.create_task(_tick(late))
    generation = newsstand.catalogue.sealed.number
    started = time.perf_counter()
    number = options.articles
    while (now := time.perf_counter() - started) < options.seconds:
        if rate and number - options.articles < rate * now:
            writes = made(rng, centres, range(number, number + BATCH))
            await _put(newsstand, writes)
            await withdraw(newsstand, writes[0].article_id)
            withdrawn.add(writes[0].article_id)
            number += BATCH
            wanted = writes[-1]
            query_D = wanted.vector
        else:
            wanted, query_D = None, made(rng, centres, range(1))[0].vector
            await asyncio.sleep(TICK_SECONDS)
        catalogue = newsstand.catalogue
        begun = time.perf_counter()
        assert query_D is not None
        found = catalogue.ids(catalogue.nearest(query_D, LIMIT, catalogue.allowed(None, [])))
        searches.append(1000 * (time.perf_counter() - begun))
        missed += wanted is not None and wanted.article_id not in found
        returned += not withdrawn.isdisjoint(found)
    ticking.cancel()
    return {
        "arrived_per_second": (number - options.articles) / (time.perf_counter() - started),
        "searches": len(searches),
        "search_p50_ms": float(np.percentile(searches, 50)),
        "search_p99_ms": float(np.percentile(searches, 99)),
        "search_max_ms": max(searches),
        "loop_late_p99_ms": float(np.percentile(late, 99)),
        "loop_late_max_ms": max(late),
        "acknowledged_missed": missed,
        "withdrawn_returned": returned,
        "generations": newsstand.catalogue.sealed.number - generation,
    }


async def _tick(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        late.append(1000 * (time.perf_counter() - due))


async def _put(newsstand: Newsstand, writes: list[ArticleWrite]) -> None:
    written = await newsstand.articles.put(writes)
    newsstand.publish(
        [
            StoredArticle(w.article_id, w.article, done.revision, done.ingested_at, w.vector)
            for w, done in zip(writes, written, strict=True)
            if done is not None
        ]
    )


def _report(options: argparse.Namespace, quiet: dict[str, float], busy: dict[str, float]) -> None:
    print(describe())
    print(f"{options.articles} articles, searches for {LIMIT}")
    print(f"{'':24}{'nothing arrives':>18}{'articles arrive':>18}")
    for name in quiet:
        print(f"{name:24}{quiet[name]:18.2f}{busy[name]:18.2f}")
    out = Path("bench/out/arrivals.json")
    out.parent.mkdir(exist_ok=True)
    results = {"machine": describe(), "quiet": quiet, "busy": busy}
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

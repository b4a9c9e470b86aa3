"""How many articles a second go in over HTTP, durable and searchable, against ONNX Runtime alone.

ONNX Runtime alone: the same encoder file in a session with the same options, texts tokenised
beforehand and sorted by length, at the batch size that is best here, on all cores. Over HTTP: two
batches in flight, the load generator and Valkey on the same cores. Give an artefact that holds fp32
alone (``newsstand-train export --precision fp32``) to measure that.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.data import titles
from bench.load import Connection, post
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server
from model_store import layout
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.sessions import open_session
from model_store.store import ModelStore
from model_store.tokens import Tokenising, pad

BATCH_SIZES = (8, 16, 32, 64, 128)
IN_FLIGHT = 2


def main() -> None:
    """Measure, print a table, and write ``bench/out/ingest.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--http-batch", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    artefact = ModelStore.at(options.model_store).load(options.model)
    source, texts = titles(options.texts)
    precision = artefact.manifest.best_precision("cpu")
    alone = {size: runtime_alone(artefact, precision, texts, size) for size in BATCH_SIZES}
    best = max(alone, key=alone.__getitem__)
    ratios, rates = [], []
    for _ in range(options.rounds):
        bare = runtime_alone(artefact, precision, texts, best)
        rates.append(over_http(options, texts))
        ratios.append(rates[-1] / bare)
    report(artefact, precision, source, texts, alone, rates, ratios)


def runtime_alone(artefact: Artefact, precision: str, texts: Sequence[str], size: int) -> float:
    """Texts a second of a bare session in batches of ``size``."""
    path = artefact.path(layout.news_encoder(precision))
    session = open_session(path)
    ids = [item.ids for item in Tokenising.of(artefact)([NewsInputs(text) for text in texts])]
    ids.sort(key=len)
    batches = [pad(ids[at : at + size]) for at in range(0, len(ids), size)]
    names = artefact.manifest.files[path.name].inputs
    started = time.perf_counter()
    for batch in batches:
        session.run(None, dict(zip(("input_ids", "attention_mask"), batch, strict=True)))
    assert set(names) == {"input_ids", "attention_mask"}
    return len(texts) / (time.perf_counter() - started)


def over_http(options: argparse.Namespace, texts: Sequence[str]) -> float:
    """Articles a second into a fresh service, all acknowledged and searchable at the end."""
    bodies = [
        json.dumps(
            [
                {"article_id": f"a{first + i}", "title": title}
                for i, title in enumerate(texts[first : first + options.http_batch])
            ]
        ).encode()
        for first in range(0, len(texts), options.http_batch)
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = ["--model-store", str(options.model_store), "--model", options.model]
        arguments = ["serve", "--port", "0", "--data-dir", folder, *store]
        with server("service.cli", arguments, None, Path(folder) / "log") as port:
            return asyncio.run(_send(port, bodies, len(texts)))


async def _send(port: int, bodies: Sequence[bytes], articles: int) -> float:
    waiting = iter(bodies)

    async def one() -> int:
        connection, accepted = await Connection.open(port), 0
        for body in waiting:
            accepted += json.loads(await connection.exchange(post("/v1/articles", body)))[
                "accepted"
            ]
        connection.close()
        return accepted

    started = time.perf_counter()
    accepted = await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    seconds = time.perf_counter() - started
    assert sum(accepted) == articles
    check = await Connection.open(port)
    body = json.dumps({"limit": 1, "session_article_ids": [f"a{articles - 1}"]}).encode()
    assert json.loads(await check.exchange(post("/v1/recommend", body)))["items"]
    check.close()
    return articles / seconds


def report(
    artefact: Artefact,
    precision: str,
    source: str,
    texts: Sequence[str],
    alone: dict[int, float],
    rates: Sequence[float],
    ratios: Sequence[float],
) -> None:
    """Print and write what was measured."""
    results = {
        "machine": describe(),
        "model": artefact.manifest.reference,
        "precision": precision,
        "texts": len(texts),
        "source": source,
        "onnx_runtime_alone_by_batch_size": alone,
        "articles_per_second": statistics.median(rates),
        "ratio": statistics.median(ratios),
        "ratios": list(ratios),
    }
    print(json.dumps(results, indent=2))
    out = Path("bench/out/ingest.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

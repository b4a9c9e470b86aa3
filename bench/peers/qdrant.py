"""qdrant-edge's recommend, in a process of its own: vectors and examples in, what it finds out.

It runs in an environment of its own, and imports nothing that this might lack:

    python3.11 -m venv bench/out/peers/qdrant
    bench/out/peers/qdrant/bin/pip install -r bench/peers/qdrant.txt

``--work`` is a folder with ``vectors.npy`` (N×D), ``categories.npy`` (N) and ``examples.npy`` (Q×H,
rows of vectors). Every way of asking is tried at several depths of search. One JSON object is
printed; ``found-*.npy`` beside it are the rows (Q×K) that each way found, -1 where it found fewer.
"""

import argparse
import json
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qdrant

AT_ONCE = 1_000
DEPTHS = (128, 256, 512)
"""How many candidates the graph's search keeps: the more, the slower and the better."""


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--category", type=int, required=True)
    options = parser.parse_args()
    vectors_ND = np.load(options.work / "vectors.npy").astype(np.float32)
    examples_QH = np.load(options.work / "examples.npy")
    folder = options.work / "shard"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    started = time.perf_counter()
    shard = _filled(folder, vectors_ND, np.load(options.work / "categories.npy"))
    stored = time.perf_counter()
    shard.optimize()
    shard.flush()
    took = {"store": stored - started, "build": time.perf_counter() - stored}
    rows = [
        {**asked, **_measured(shard, vectors_ND, examples_QH, options, asked)} for asked in _ways()
    ]
    shard.close()
    print(json.dumps({"version": version("qdrant-edge-py"), "seconds": took, "rows": rows}))


def _ways() -> list[dict[str, Any]]:
    """``mean`` searches for the mean of the examples, as late fusion may; ``sum`` is recommend with
    the sum of the scores, which orders alike; ``best`` is recommend with the best score.
    """
    ways = [("mean", depth) for depth in DEPTHS] + [("sum", DEPTHS[0]), ("best", DEPTHS[0])]
    return [
        {"way": way, "depth": depth, "filtered": filtered}
        for filtered in (False, True)
        for way, depth in ways
    ]


def _filled(folder: Path, vectors_ND: np.ndarray, categories_N: np.ndarray) -> qdrant.EdgeShard:
    parameters = qdrant.EdgeVectorParams(
        size=vectors_ND.shape[1],
        distance=qdrant.Distance.Dot,
        datatype=qdrant.VectorStorageDatatype.Float16,
    )
    config = qdrant.EdgeConfig(vectors=parameters, max_search_threads=1)
    shard = qdrant.EdgeShard.create(str(folder), config)
    for first in range(0, len(vectors_ND), AT_ONCE):
        points = [
            qdrant.Point(row, vectors_ND[row].tolist(), {"category": int(categories_N[row])})
            for row in range(first, min(first + AT_ONCE, len(vectors_ND)))
        ]
        shard.update(qdrant.UpdateOperation.upsert_points(points))
    index = qdrant.UpdateOperation.create_field_index("category", qdrant.PayloadSchemaType.Integer)
    shard.update(index)
    return shard


def _measured(
    shard: qdrant.EdgeShard,
    vectors_ND: np.ndarray,
    examples_QH: np.ndarray,
    options: argparse.Namespace,
    asked: dict[str, Any],
) -> dict[str, float]:
    """Median and 99th percentile ms of a query; what was found is written beside."""
    found_QK = np.full((len(examples_QH), options.limit), -1)
    times = []
    for number, examples_H in enumerate(examples_QH):
        started = time.perf_counter()
        request = _request(vectors_ND[examples_H], examples_H, options, asked)
        rows = [point.id for point in shard.query(request)]
        times.append(time.perf_counter() - started)
        found_QK[number, : len(rows)] = rows
    name = f"found-{asked['way']}-{asked['depth']}-{asked['filtered']}.npy"
    np.save(options.work / name, found_QK)
    return {
        "found": name,
        "median_ms": 1000 * float(np.median(times)),
        "p99_ms": 1000 * float(np.percentile(times, 99)),
    }


def _request(
    examples_HD: np.ndarray,
    examples_H: np.ndarray,
    options: argparse.Namespace,
    asked: dict[str, Any],
) -> qdrant.QueryRequest:
    if asked["way"] == "mean":
        query = qdrant.Query.Nearest(examples_HD.mean(axis=0).tolist())
    else:
        wanted = qdrant.RecommendQuery(positives=examples_HD.tolist(), negatives=[])
        of = qdrant.Query.RecommendSumScores
        query = of(wanted) if asked["way"] == "sum" else qdrant.Query.RecommendBestScore(wanted)
    match = qdrant.FieldCondition("category", match=qdrant.MatchValue(options.category))
    return qdrant.QueryRequest(
        limit=options.limit,
        query=query,
        filter=qdrant.Filter(
            must=[match] if asked["filtered"] else None,
            must_not=[qdrant.HasIdCondition(set(examples_H.tolist()))],
        ),
        params=qdrant.SearchParams(hnsw_ef=asked["depth"]),
    )


if __name__ == "__main__":
    main()

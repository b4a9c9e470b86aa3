"""How fast and how well the catalogue's segments find, against exact search by bare FAISS.

Vectors: the titles of MIND and AG News under an artefact; beyond these, real vectors moved by
noise (length 0.7) and brought back to length 1. Queries: means of 5 to 50 vectors, as readers'
histories give. One query at a time, one thread. Recall is of the 100 best that exact search finds.
"""

import argparse
import asyncio
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np

from bench.data import DATA
from bench.machine import describe
from bench.model import may_name_a_model
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.store import ModelStore
from service.adapters import faiss_index
from service.adapters.faiss_index import FaissSegment
from service.encoding.engine import Engine
from service.ports import Found, Mask, Vectors

WANTED = 100
QUERIES = 200
NOISE = 0.7
CHUNK = 65_536
SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    articles: int
    allowed: str
    exact_ms: float
    own_ms: float
    faster: float
    recall: float


def main() -> None:
    """Measure, print a table, and write ``bench/out/index.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    real_ND = real_vectors(options.model_store, options.model)
    rows, facts = [], []
    for count in options.articles:
        with tempfile.TemporaryDirectory() as folder:
            of_size, fact = _measured(real_ND, count, Path(folder))
        rows += of_size
        facts.append(fact)
    _report(len(real_ND), rows, facts)


def _measured(real_ND: Vectors, count: int, folder: Path) -> tuple[list[Row], dict[str, float]]:
    started = time.perf_counter()
    faiss_index.write(folder, real_ND.shape[1], grown(real_ND, count))
    built = time.perf_counter()
    segment = FaissSegment(folder)
    opened = time.perf_counter()
    exact = faiss.read_index(str(folder / faiss_index.EXACT_FILE), faiss.IO_FLAG_MMAP_IFC)
    rng = np.random.default_rng(2)
    queries = [
        real_ND[rng.integers(len(real_ND), size=rng.integers(5, 51))].astype(np.float64).mean(0)
        for _ in range(QUERIES)
    ]
    rows = [
        _compared(exact, segment, queries, count, name, allowed)
        for name, allowed in _filters(segment.vectors, rng)
    ]
    bytes_on_disk = sum(path.stat().st_size for path in folder.iterdir())
    return rows, {
        "articles": count,
        "build_seconds": built - started,
        "open_ms": 1000 * (opened - built),
        "bytes_per_article": bytes_on_disk / count,
        "adapter_against_bare": _adapter_against_bare(segment, queries),
    }


def _compared(
    exact: faiss.Index,
    segment: FaissSegment,
    queries: Sequence[np.ndarray],
    count: int,
    name: str,
    allowed: Mask,
) -> Row:
    selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    parameters = faiss.SearchParameters(sel=selector)
    wanted = min(WANTED, int(allowed.sum()))

    def bare(query_D: np.ndarray) -> Found:
        query = query_D.astype(np.float32)[np.newaxis]
        if allowed.all():
            scores, rows = exact.search(query, wanted)
        else:
            scores, rows = exact.search(query, wanted, params=parameters)
        return rows[0], scores[0]

    def own(query_D: np.ndarray) -> Found:
        return segment.search(query_D.astype(np.float16), wanted, allowed)

    truth, exact_ms = _timed(bare, queries)
    found, own_ms = _timed(own, queries)
    recalls = [
        len(np.intersect1d(a, b)) / wanted for (a, _), (b, _) in zip(truth, found, strict=True)
    ]
    return Row(count, name, exact_ms, own_ms, exact_ms / own_ms, float(np.mean(recalls)))


def _adapter_against_bare(segment: FaissSegment, queries: Sequence[np.ndarray]) -> float:
    """Queries a second through the adapter, against the FAISS call that it ends in."""
    everything = np.ones(len(segment.vectors), np.bool_)
    index, depth = segment.behind(WANTED, len(everything))

    def bare(query_D: np.ndarray) -> Found:
        scores, rows = index.search(query_D.astype(np.float32)[np.newaxis], depth)
        return rows[0], scores[0]

    def own(query_D: np.ndarray) -> Found:
        return segment.search(query_D.astype(np.float16), WANTED, everything)

    ratios = []
    for _ in range(5):
        _, bare_ms = _timed(bare, queries)
        _, own_ms = _timed(own, queries)
        ratios.append(bare_ms / own_ms)
    return float(np.median(ratios))


def _timed(
    search: Callable[[np.ndarray], Found], queries: Sequence[np.ndarray]
) -> tuple[list[Found], float]:
    """What is found, and the median ms a query."""
    search(queries[0])
    found, times = [], []
    for query_D in queries:
        started = time.perf_counter()
        found.append(search(query_D))
        times.append(time.perf_counter() - started)
    return found, 1000 * float(np.median(times))


def _filters(vectors_ND: Vectors, rng: np.random.Generator) -> Iterator[tuple[str, Mask]]:
    count, dimension = vectors_ND.shape
    for share in SHARES:
        yield f"{share:.1%} at random", rng.random(count) < share
    direction_D = rng.standard_normal(dimension).astype(np.float32)
    along_N = np.concatenate(
        [
            vectors_ND[first : first + CHUNK].astype(np.float32) @ direction_D
            for first in range(0, count, CHUNK)
        ]
    )
    yield "10.0% on one side", along_N > np.quantile(along_N, 0.9)


def grown(real_ND: Vectors, count: int) -> Iterator[Vectors]:
    """So many vectors, in pieces: the real ones, then these moved by noise."""
    rng = np.random.default_rng(1)
    given = 0
    while given < count:
        piece_ND = real_ND[: min(len(real_ND), count - given)].astype(np.float32)
        if given:
            noise_ND = rng.standard_normal(piece_ND.shape, np.float32)
            piece_ND += noise_ND * (NOISE / np.linalg.norm(noise_ND, axis=1, keepdims=True))
            piece_ND /= np.linalg.norm(piece_ND, axis=1, keepdims=True)
        given += len(piece_ND)
        yield piece_ND.astype(np.float16)


def real_vectors(store: Path, model: str) -> Vectors:
    """Those of real titles under an artefact; kept in ``bench/out``, for they take minutes."""
    artefact = ModelStore.at(store).load(model)
    kept = Path("bench/out") / f"vectors-{artefact.manifest.reference.replace('/', '_')}.npy"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        np.save(kept, asyncio.run(_encoded(artefact, _titles())))
    vectors_ND: Vectors = np.load(kept)
    return vectors_ND


async def _encoded(artefact: Artefact, titles: Sequence[str]) -> Vectors:
    engine = Engine("cpu", 2)
    encoder = await engine.load(artefact)
    pieces = [
        await encoder.encode([NewsInputs(title) for title in titles[first : first + 512]])
        for first in range(0, len(titles), 512)
    ]
    engine.close()
    return np.concatenate(pieces)


def _titles() -> list[str]:
    titles: dict[str, None] = {}
    for part in ("train", "dev"):
        with (DATA / "mind-sample" / part / "news.tsv").open(encoding="utf-8") as file:
            titles |= dict.fromkeys(line.split("\t")[3] for line in file)
    with (DATA / "ag-news" / "test.csv").open(encoding="utf-8", newline="") as file:
        titles |= dict.fromkeys(row[1] for row in csv.reader(file))
    return [title for title in titles if title]


def _report(real: int, rows: Sequence[Row], facts: Sequence[dict[str, float]]) -> None:
    print(describe())
    print(f"{real} real vectors; the rest are moved by noise. {QUERIES} queries, median times.")
    print(
        f"{'articles':>10}  {'allowed':18}{'exact ms':>10}{'ours ms':>10}{'faster':>8}{'recall':>8}"
    )
    for row in rows:
        print(
            f"{row.articles:10}  {row.allowed:18}{row.exact_ms:10.2f}{row.own_ms:10.2f}"
            f"{row.faster:8.1f}{row.recall:8.4f}"
        )
    for fact in facts:
        print(
            f"{fact['articles']:10}  built in {fact['build_seconds']:.1f} s, opened in "
            f"{fact['open_ms']:.0f} ms, {fact['bytes_per_article']:.0f} bytes an article, "
            f"adapter / bare FAISS {fact['adapter_against_bare']:.2f}"
        )
    out = Path("bench/out/index.json")
    out.parent.mkdir(exist_ok=True)
    results = {"machine": describe(), "rows": [asdict(row) for row in rows], "facts": list(facts)}
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

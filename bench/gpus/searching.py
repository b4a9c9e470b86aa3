"""Search among many vectors: on the GPU, through the adapter, against exact search on the CPU.

Invented vectors of length 1, 384 wide; a query is one of them moved by noise. Where FAISS has no
GPU, a flat index on the CPU sits in its place, and the figures say nothing of a GPU.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import RLock

import faiss
import numpy as np

from bench.gpus.job import Job
from service.adapters.faiss_index import EXACT_FILE, FaissSegment
from service.adapters.gpu_index import Gpu, GpuSegment
from service.ports import SealedIndex, Vectors

DIMENSION, PIECE = 384, 262_144
WANTED, NOISE = 100, 0.7
THREADS = 8


def search(job: Job) -> dict[str, object]:
    """For each number of rows: milliseconds a query, queries a second, recall of the 100 best."""
    return {f"{rows:,} rows": _measured(job, rows) for rows in job.rows}


def _measured(job: Job, rows: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, rows)
        on_cpu = FaissSegment(folder)
        started = time.perf_counter()
        on_gpu = Gpu().segment(folder) if faiss.get_num_gpus() else _in_its_place(on_cpu)
        taken = time.perf_counter() - started
        everything = np.ones(rows, np.bool_)
        half = np.random.default_rng(2).random(rows) < 0.5
        queries = _queries(on_cpu.vectors, job.queries)
        return {
            "on_gpu": isinstance(on_gpu, GpuSegment) and faiss.get_num_gpus() > 0,
            "seconds_to_gpu": taken,
            "everything": _compared(on_cpu, on_gpu, queries, everything),
            "half_allowed": _compared(on_cpu, on_gpu, queries, half),
        }


def _compared(
    on_cpu: SealedIndex, on_gpu: SealedIndex, queries: Vectors, allowed: np.ndarray
) -> dict[str, float]:
    exact, cpu_ms = _timed(lambda query: on_cpu.search(query, WANTED, allowed)[0], queries)
    found, gpu_ms = _timed(lambda query: on_gpu.search(query, WANTED, allowed)[0], queries)
    recall = np.mean(
        [len(np.intersect1d(a, b)) / WANTED for a, b in zip(exact, found, strict=True)]
    )
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda query: on_gpu.search(query, WANTED, allowed), queries))
    return {
        "cpu_exact_ms": cpu_ms,
        "gpu_ms": gpu_ms,
        f"gpu_queries_per_second_{THREADS}_threads": len(queries) / (time.perf_counter() - started),
        "faster": cpu_ms / gpu_ms,
        "recall": float(recall),
    }


def _timed(
    find: Callable[[Vectors], np.ndarray], queries: Vectors
) -> tuple[list[np.ndarray], float]:
    """What is found, and the median ms a query."""
    find(queries[0])
    found, times = [], []
    for query in queries:
        started = time.perf_counter()
        found.append(find(query))
        times.append(time.perf_counter() - started)
    return found, 1000 * float(np.median(times))


def _write(folder: Path, rows: int) -> None:
    """The exact vectors alone: the codes, which search on the CPU, would take long at this size."""
    quantiser = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(DIMENSION, quantiser, faiss.METRIC_INNER_PRODUCT)
    for piece_ND in _pieces(rows):
        index.add(piece_ND)
    faiss.write_index(index, str(folder / EXACT_FILE))


def _pieces(rows: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    for first in range(0, rows, PIECE):
        piece_ND = rng.standard_normal((min(PIECE, rows - first), DIMENSION), np.float32)
        yield piece_ND / np.linalg.norm(piece_ND, axis=1, keepdims=True)


def _queries(vectors_ND: Vectors, count: int) -> Vectors:
    rng = np.random.default_rng(3)
    near_ND = vectors_ND[rng.integers(len(vectors_ND), size=count)].astype(np.float32)
    noise_ND = rng.standard_normal(near_ND.shape, np.float32)
    near_ND += noise_ND * (NOISE / np.linalg.norm(noise_ND, axis=1, keepdims=True))
    queries: Vectors = near_ND.astype(np.float16)
    return queries


def _in_its_place(on_disk: FaissSegment) -> SealedIndex:
    flat = faiss.IndexFlatIP(DIMENSION)
    for first in range(0, len(on_disk.vectors), PIECE):
        flat.add(on_disk.vectors[first : first + PIECE].astype(np.float32))
    return GpuSegment(on_disk, flat, RLock())

"""When a segment on a GPU is searched there, and when on disk; exactly in either case."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from service.adapters import faiss_index
from service.adapters.faiss_index import FaissSegment
from service.adapters.gpu_index import MOST, SPARE, Gpu, GpuSegment, fetched, segments_on
from service.ports import Found, Mask, Vectors

DIMENSION, ROWS = 16, 5_000
EVERYTHING = np.ones(ROWS, np.bool_)
without_gpu = pytest.mark.skipif(faiss.get_num_gpus() > 0, reason="FAISS has a GPU here")
with_gpu = pytest.mark.skipif(faiss.get_num_gpus() == 0, reason="FAISS has no GPU here")


def vectors(count: int, seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


class Counting(FaissSegment):
    """A segment on disk that knows how often it was asked."""

    asked = 0

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> Found:
        self.asked += 1
        return super().search(query_D, limit, allowed)


class Crowd:
    """Whoever uses the GPU: it fails where two do at once, as FAISS may there."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self.times = 0

    def __enter__(self) -> None:
        assert self._busy.acquire(blocking=False)
        self.times += 1

    def __exit__(self, *_: object) -> None:
        time.sleep(0)  # let another thread have its chance
        self._busy.release()


class Alone:
    """A flat index that is brought, searched and freed as one on a GPU is."""

    def __init__(self, index: faiss.Index, crowd: Crowd | None = None) -> None:
        self._index, self._crowd = index, crowd or Crowd()
        self.most = 0

    @classmethod
    def brought(cls, index: faiss.Index, crowd: Crowd) -> "Alone":
        with crowd:
            return cls(faiss.clone_index(index), crowd)

    def __del__(self) -> None:
        with self._crowd:
            del self._index

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        self.most = max(self.most, k)
        with self._crowd:
            return self._index.search(queries, k)


@pytest.fixture
def on_disk(tmp_path: Path) -> Counting:
    faiss_index.write(tmp_path, DIMENSION, [vectors(ROWS)])
    return Counting(tmp_path)


@pytest.fixture
def on_gpu(on_disk: Counting) -> Alone:
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(on_disk.vectors.astype(np.float32))
    return Alone(flat)


def best(allowed: Mask, query_D: Vectors, limit: int) -> np.ndarray:
    scores_N = vectors(ROWS).astype(np.float64) @ query_D.astype(np.float64)
    scores_N[~allowed] = -np.inf
    return np.sort(scores_N)[::-1][:limit]


@pytest.mark.parametrize(
    ("limit", "share", "on_the_gpu"),
    [
        (100, 1.0, True),
        (100, 0.5, True),
        (1_600, 1.0, True),
        (1_700, 1.0, False),
        (100, 0.05, False),
    ],
)
def test_the_gpu_searches_what_it_can_and_the_disk_the_rest(
    on_disk: Counting, on_gpu: Alone, limit: int, share: float, on_the_gpu: bool
) -> None:
    allowed = np.random.default_rng(1).random(ROWS) < share
    index = GpuSegment(on_disk, on_gpu, threading.RLock())
    query_D = vectors(1, 2)[0]
    rows, scores = index.search(query_D, limit, allowed)
    assert on_disk.asked == (0 if on_the_gpu else 1)
    assert on_gpu.most <= MOST
    assert allowed[rows].all()
    assert scores == pytest.approx(best(allowed, query_D, limit), abs=1e-5)


def test_where_a_filter_leaves_too_little_of_what_was_found_the_disk_searches(
    on_disk: Counting, on_gpu: Alone
) -> None:
    query_D = vectors(1, 3)[0]
    scores_N = vectors(ROWS).astype(np.float64) @ query_D.astype(np.float64)
    far = scores_N < np.median(scores_N)
    _, scores = GpuSegment(on_disk, on_gpu, threading.RLock()).search(query_D, 50, far)
    assert on_disk.asked == 1
    assert scores == pytest.approx(best(far, query_D, 50), abs=1e-5)


def test_scores_are_those_of_the_stored_vectors_whatever_the_gpu_says(on_disk: Counting) -> None:
    rough = faiss.IndexScalarQuantizer(
        DIMENSION, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    rough.train(vectors(ROWS).astype(np.float32))
    rough.add(vectors(ROWS).astype(np.float32))
    query_D = vectors(1, 4)[0]
    rows, scores = GpuSegment(on_disk, rough, threading.RLock()).search(query_D, 20, EVERYTHING)
    own = vectors(ROWS)[rows].astype(np.float64) @ query_D.astype(np.float64)
    assert scores == pytest.approx(own, abs=1e-5)
    assert (np.diff(scores) <= 0).all()
    assert scores == pytest.approx(best(EVERYTHING, query_D, 20), abs=1e-5)


def test_requests_take_turns_on_the_gpu(on_disk: Counting, on_gpu: Alone) -> None:
    index = GpuSegment(on_disk, on_gpu, threading.RLock())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda q: index.search(q, 10, EVERYTHING), vectors(200, 5)))
    assert all(len(rows) == 10 for rows, _ in found)
    assert on_disk.asked == 0


def test_nothing_is_searched_while_a_segment_is_brought_or_freed(tmp_path: Path) -> None:
    rows, rounds = faiss_index.EXACT_ROWS, 20
    faiss_index.write(tmp_path, DIMENSION, [vectors(rows)])
    crowd = Crowd()
    gpu = Gpu(lambda: lambda index: Alone.brought(index, crowd))
    stays, over = gpu.segment(tmp_path), threading.Event()
    everything, query_D = np.ones(rows, np.bool_), vectors(1, 7)[0]

    def search() -> None:
        while not over.is_set():
            stays.search(query_D, 10, everything)

    with ThreadPoolExecutor(2) as pool:
        searching = [pool.submit(search) for _ in range(2)]
        try:
            for _ in range(rounds):
                gpu.segment(tmp_path)  # and freed at once
        finally:
            over.set()
        for each in searching:
            each.result()
    assert crowd.times > 2 * rounds


def test_a_segment_is_freed_in_the_middle_of_its_own_turn(on_disk: Counting) -> None:
    turn = threading.RLock()
    index = GpuSegment(on_disk, Alone(faiss.IndexFlatIP(DIMENSION)), turn)
    with turn:
        del index


@pytest.mark.parametrize(
    ("wanted", "allowed", "rows", "asked"),
    [(0, 0, 10, 0), (0, 10, 10, SPARE), (10, 100, 100, 12 + SPARE), (10, 50, 100, 25 + SPARE)],
)
def test_more_is_asked_for_than_a_filter_lets_expect(
    wanted: int, allowed: int, rows: int, asked: int
) -> None:
    assert fetched(wanted, allowed, rows) == asked


def test_on_the_cpu_segments_are_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    assert segments_on("cpu") is FaissSegment
    assert not caplog.messages


@without_gpu
def test_where_faiss_finds_no_gpu_that_was_demanded_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert segments_on("auto") is FaissSegment
        assert not caplog.messages
        assert segments_on("cuda") is FaissSegment
    assert "FAISS finds no GPU" in caplog.text


@with_gpu
@pytest.mark.parametrize("rows", [500, 20_000])
def test_a_real_gpu_finds_the_best(tmp_path: Path, rows: int) -> None:
    faiss_index.write(tmp_path, DIMENSION, [vectors(rows)])
    index = segments_on("cuda")(tmp_path)
    assert isinstance(index, GpuSegment) == (rows >= faiss_index.EXACT_ROWS)
    for query_D in vectors(20, 6):
        _, scores = index.search(query_D, 100, np.ones(rows, np.bool_))
        all_N = np.sort(vectors(rows).astype(np.float64) @ query_D.astype(np.float64))[::-1]
        assert scores == pytest.approx(all_N[:100], abs=1e-5)

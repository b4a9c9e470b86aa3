"""What every index must do, whatever library is behind it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import RLock

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters import faiss_index
from service.adapters.faiss_index import FaissSegment, FaissTail
from service.adapters.gpu_index import GpuSegment
from service.ports import Index, SealedIndex, Vectors

DIMENSION = 16
IndexOf = Callable[[list[Vectors]], Index]


def tail_of(pieces: list[Vectors]) -> Index:
    tail = FaissTail(DIMENSION)
    for piece in pieces:
        tail.add(piece)
    return tail


def segment_of(pieces: list[Vectors]) -> SealedIndex:
    with tempfile.TemporaryDirectory() as folder:  # mapped files outlive their names
        faiss_index.write(Path(folder), DIMENSION, pieces)
        return FaissSegment(Path(folder))


def gpu_segment_of(pieces: list[Vectors]) -> SealedIndex:
    """What lies on the GPU is here a flat index on the CPU: FAISS searches both alike."""
    on_disk = segment_of(pieces)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(on_disk.vectors.astype(np.float32))
    return GpuSegment(on_disk, flat, RLock())


@pytest.fixture(
    scope="module",
    params=[tail_of, segment_of, gpu_segment_of],
    ids=["tail", "segment", "segment on a GPU"],
)
def index_of(request: pytest.FixtureRequest) -> IndexOf:
    made: IndexOf = request.param
    return made


def unit_vectors(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def exact(vectors_RD: np.ndarray, query_D: np.ndarray) -> np.ndarray:
    scores: np.ndarray = vectors_RD.astype(np.float64) @ query_D.astype(np.float64)
    return scores


@given(
    count=st.integers(0, 300),
    pieces=st.integers(1, 4),
    limit=st.integers(0, 40),
    share=st.floats(0, 1),
    seed=st.integers(0, 1_000),
)
@settings(deadline=None)
def test_the_allowed_rows_of_highest_inner_product_are_found_best_first(
    index_of: IndexOf, count: int, pieces: int, limit: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors_RD, query_D = unit_vectors(count, seed), unit_vectors(1, seed + 1)[0]
    allowed_R = rng.random(count) < share
    index = index_of(np.array_split(vectors_RD, pieces))
    found, scores = index.search(query_D, limit, allowed_R)
    scores_R = exact(vectors_RD, query_D)
    best = sorted(np.flatnonzero(allowed_R), key=lambda row: -scores_R[row])[:limit]
    assert allowed_R[found].all()
    assert len(set(found.tolist())) == len(found) == len(best)
    assert np.allclose(scores_R[found], scores_R[best], atol=1e-5)
    assert np.allclose(scores, scores_R[found], atol=1e-5)


def test_an_empty_index_finds_nothing(index_of: IndexOf) -> None:
    index = index_of([np.empty((0, DIMENSION), np.float16)])
    found, scores = index.search(unit_vectors(1, 0)[0], 5, np.zeros(0, np.bool_))
    assert found.tolist() == scores.tolist() == []


def test_a_segment_gives_back_the_very_vectors() -> None:
    vectors_ND = unit_vectors(300, 3)
    segment = segment_of(np.array_split(vectors_ND, 3))
    assert segment.vectors.tobytes() == vectors_ND.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        segment.vectors[0] = 0


@pytest.fixture(scope="module", params=[segment_of, gpu_segment_of], ids=["segment", "on a GPU"])
def large(request: pytest.FixtureRequest) -> tuple[SealedIndex, np.ndarray]:
    """A segment that is searched by its codes first, or on a GPU."""
    vectors_ND = unit_vectors(20_000, 4)
    assert len(vectors_ND) >= faiss_index.EXACT_ROWS
    return request.param([vectors_ND]), vectors_ND


def recall(found: np.ndarray, best: np.ndarray) -> float:
    return len(np.intersect1d(found, best)) / len(best)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.1, 0.01, 0.0005])
def test_a_large_segment_finds_nearly_all_and_scores_exactly(
    large: tuple[SealedIndex, np.ndarray], share: float
) -> None:
    index, vectors_ND = large
    rng = np.random.default_rng(5)
    allowed = rng.random(len(vectors_ND)) < share
    recalls = []
    for query_D in unit_vectors(20, 6):
        found, scores = index.search(query_D, 100, allowed)
        exact_N = exact(vectors_ND, query_D)
        order = np.flatnonzero(allowed)[np.argsort(-exact_N[allowed], kind="stable")][:100]
        assert len(found) == len(order)
        assert allowed[found].all()
        assert np.allclose(scores, exact_N[found], atol=1e-5)
        assert (np.diff(scores) <= 0).all()
        recalls.append(recall(found, order))
    assert np.mean(recalls) >= 0.99


def test_where_a_filter_keeps_what_is_far_away_the_search_is_exact(
    large: tuple[SealedIndex, np.ndarray],
) -> None:
    index, vectors_ND = large
    query_D = unit_vectors(1, 7)[0]
    exact_N = exact(vectors_ND, query_D)
    allowed = exact_N < np.median(exact_N)
    found, _ = index.search(query_D, 50, allowed)
    order = np.flatnonzero(allowed)[np.argsort(-exact_N[allowed], kind="stable")][:50]
    assert np.allclose(exact_N[found], exact_N[order], atol=1e-5)


def test_as_many_as_there_are_are_found(large: tuple[SealedIndex, np.ndarray]) -> None:
    index, vectors_ND = large
    everything = np.ones(len(vectors_ND), np.bool_)
    found, _ = index.search(unit_vectors(1, 8)[0], 2 * len(vectors_ND), everything)
    assert sorted(found.tolist()) == list(range(len(vectors_ND)))

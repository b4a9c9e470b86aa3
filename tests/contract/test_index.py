"""What every index must do, whatever library is behind it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.faiss_index import FaissIndex
from service.ports import Index

DIMENSION = 16
NewIndex = Callable[[], Index]


@pytest.fixture(scope="module", params=[lambda: FaissIndex(DIMENSION)], ids=["faiss"])
def new_index(request: pytest.FixtureRequest) -> NewIndex:
    made: NewIndex = request.param
    return made


def unit_vectors(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


@given(
    count=st.integers(0, 300),
    pieces=st.integers(1, 4),
    limit=st.integers(0, 40),
    share=st.floats(0, 1),
    seed=st.integers(0, 1_000),
)
def test_the_allowed_rows_of_highest_inner_product_are_found_best_first(
    new_index: NewIndex, count: int, pieces: int, limit: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors_RD, query_D = unit_vectors(count, seed), unit_vectors(1, seed + 1)[0]
    allowed_R = rng.random(count) < share
    index = new_index()
    for piece in np.array_split(vectors_RD, pieces):
        index.add(piece)
    found = index.search(query_D, limit, allowed_R)
    scores_R = vectors_RD.astype(np.float64) @ query_D.astype(np.float64)
    best = sorted(np.flatnonzero(allowed_R), key=lambda row: -scores_R[row])[:limit]
    assert allowed_R[found].all()
    assert len(set(found.tolist())) == len(found) == len(best)
    assert np.allclose(scores_R[found], scores_R[best], atol=1e-5)


def test_an_empty_index_finds_nothing(new_index: NewIndex) -> None:
    found = new_index().search(unit_vectors(1, 0)[0], 5, np.zeros(0, np.bool_))
    assert found.tolist() == []

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.pipeline.diversify import diversify


def candidates(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, 8))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.round(rng.random(count), 1), vectors.astype(np.float16)


cases = st.tuples(st.integers(0, 40), st.integers(0, 50), st.floats(0, 1), st.integers(0, 999))


@given(case=cases)
def test_as_many_as_asked_and_none_twice(case: tuple[int, int, float, int]) -> None:
    count, limit, diversity, seed = case
    scores, vectors = candidates(count, seed)
    chosen = diversify(scores, vectors, limit, diversity).tolist()
    assert len(chosen) == len(set(chosen)) == min(count, limit)
    assert set(chosen) <= set(range(count))


@given(case=cases)
def test_without_diversity_the_order_is_that_of_the_scores_and_ties_stay(
    case: tuple[int, int, float, int],
) -> None:
    count, limit, _, seed = case
    scores, vectors = candidates(count, seed)
    chosen = diversify(scores, vectors, limit, 0).tolist()
    assert chosen == sorted(range(count), key=lambda i: (-scores[i], i))[:limit]


@given(case=cases)
def test_the_best_comes_first_unless_diversity_is_all(
    case: tuple[int, int, float, int],
) -> None:
    count, _, diversity, seed = case
    scores, vectors = candidates(count + 1, seed)
    if diversity < 0.999:
        assert scores[diversify(scores, vectors, 3, diversity)[0]] == scores.max()


def test_a_hand_computed_case() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float16)
    scores = np.array([1.0, 0.9, 0.0])
    assert diversify(scores, vectors, 3, 0.0).tolist() == [0, 1, 2]
    # Second place at d = 0.6: 0.4·0.9 − 0.6·1 = −0.24 against 0.4·0 − 0.6·0 = 0.
    assert diversify(scores, vectors, 3, 0.6).tolist() == [0, 2, 1]
    # At d = 0.2: 0.8·0.9 − 0.2·1 = 0.52 against 0.
    assert diversify(scores, vectors, 3, 0.2).tolist() == [0, 1, 2]

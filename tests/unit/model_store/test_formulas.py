"""Late fusion, text templates, batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store import late_fusion
from model_store.text import render
from model_store.tokens import BATCH_TEXTS, BATCH_TOKENS, batches

D = 24


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    drawn = rng.standard_normal((count, D))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


cases = given(history=st.integers(1, 60), candidates=st.integers(1, 40), seed=st.integers(0, 9999))


@cases
def test_a_score_is_the_mean_of_the_dot_products(history: int, candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    history_HD, candidates_CD = unit(rng, history), unit(rng, candidates)
    user_D = late_fusion.history_vector(history_HD)
    expected_C = (candidates_CD.astype(np.float64) @ history_HD.astype(np.float64).T).mean(axis=1)
    assert np.allclose(late_fusion.scores(candidates_CD, user_D), expected_C, atol=1e-3)


@cases
def test_contributions_sum_to_the_score(history: int, candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    history_HD, candidate_D = unit(rng, history), unit(rng, candidates)[-1]
    score = late_fusion.scores(candidate_D[None], late_fusion.history_vector(history_HD))[0]
    parts_H = late_fusion.contributions(candidate_D, history_HD)
    assert abs(parts_H.sum() - score) < 1e-12
    terms_H = history_HD.astype(np.float64) @ candidate_D.astype(np.float64) / history
    assert np.allclose(parts_H, terms_H, atol=1e-3)


@cases
def test_equal_vectors_tie_wherever_they_stand(history: int, candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    user_D = late_fusion.history_vector(unit(rng, history))
    candidates_CD = unit(rng, candidates)
    order = rng.permutation(candidates)
    scores_C = late_fusion.scores(candidates_CD, user_D)
    assert (late_fusion.scores(candidates_CD[order], user_D) == scores_C[order]).all()
    for row in range(candidates):
        assert late_fusion.scores(candidates_CD[row : row + 1], user_D)[0] == scores_C[row]


def test_an_article_read_twice_counts_twice() -> None:
    a, b = np.array([1, 0], np.float16), np.array([0, 1], np.float16)
    assert late_fusion.history_vector(np.stack([a, b, a])).tolist() == pytest.approx(
        [2 / 3, 1 / 3], abs=1e-3
    )


def test_an_empty_history_has_no_vector() -> None:
    with pytest.raises(ValueError, match="empty"):
        late_fusion.history_vector(np.empty((0, 4), np.float16))


@given(st.lists(st.tuples(st.integers(1, 3_000), st.sampled_from([0, 16, 32, 2_048]))))
def test_every_text_is_in_one_batch_of_its_shape(shapes: list[tuple[int, int]]) -> None:
    seen: list[int] = []
    for batch in batches(shapes):
        seen += batch
        assert len({shapes[position] for position in batch}) == 1
        assert len(batch) <= BATCH_TEXTS
        assert len(batch) == 1 or len(batch) * sum(shapes[batch[0]]) <= BATCH_TOKENS
    assert sorted(seen) == list(range(len(shapes)))


def test_a_template_is_filled_and_white_space_folded() -> None:
    article = {"title": " A  title\n", "abstract": None, "category": "{title}"}
    assert render("query: {title} {abstract}", article) == "query: A title"
    assert render("{category}: {title}", article) == "{title}: A title"


@pytest.mark.parametrize("template", ["{headline}", "no field", "{", "{title}{x}", "{0}"])
def test_a_template_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        render(template, {"title": "x"})

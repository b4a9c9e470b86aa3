import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from service.domain.recommendation import Boosts
from service.pipeline.scoring.boosts import boosted, factors
from service.pipeline.scoring.dislikes import dislike, fading
from service.pipeline.scoring.freshness import freshness
from service.pipeline.scoring.popularity import popularity
from tests.unit.pipeline.candidates_drawn import entry

numbers = st.floats(-1e3, 1e3, allow_nan=False)
heats = arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1e6))


@given(ages=st.lists(st.floats(-100, 1e5), min_size=2, max_size=20), half_life=st.floats(0.1, 1e4))
def test_what_is_newer_is_never_less_fresh(ages: list[float], half_life: float) -> None:
    ages = sorted(ages)
    fresh = freshness(np.array(ages), np.full(len(ages), half_life))
    assert (np.diff(fresh) <= 0).all()
    assert ((fresh >= 0) & (fresh <= 1)).all()


def test_a_half_life_halves() -> None:
    half_lives = np.array([24.0, 24.0, 6.0, 24.0])
    fresh = freshness(np.array([0.0, 24.0, 12.0, -5.0]), half_lives)
    assert fresh.tolist() == [1.0, 0.5, 0.25, 1.0]


@given(heats)
def test_popularity_grows_with_heat_and_stays_between_0_and_1(heat: np.ndarray) -> None:
    heat = np.sort(heat)
    prior = popularity(heat, float(heat.max()))
    assert (np.diff(prior) >= 0).all()
    assert ((prior >= 0) & (prior <= 1)).all()
    assert prior[-1] == (1.0 if heat.max() > 0 else 0.0)


@given(
    scores=st.lists(numbers, min_size=1, max_size=10),
    low=st.floats(0.01, 10),
    high=st.floats(0.01, 10),
)
def test_a_larger_factor_never_lowers(scores: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    score = np.array(scores)
    less = boosted(score, np.full(len(score), low))
    more = boosted(score, np.full(len(score), high))
    assert (more >= less).all()
    assert boosted(score, np.ones(len(score))).tolist() == scores


def test_factors_that_fit_are_multiplied() -> None:
    boosts = Boosts(article_ids={"a0": 2.0}, categories={"sport": 3.0}, sources={"wire": 0.5})
    entries = [
        entry(0, category="sport", source="wire"),
        entry(1, category="sport"),
        entry(2, source="other"),
    ]
    assert factors(entries, boosts).tolist() == [3.0, 3.0, 1.0]


def test_dislikes_speak_by_likeness_and_fade() -> None:
    candidates = np.array([[1.0, 0], [0, 1], [-1, 0]])
    disliked = np.array([[1.0, 0], [0, 1]])
    fade = fading(np.array([0.0, 14.0]), 14.0)
    assert dislike(candidates, disliked, fade) == pytest.approx([1.0, 0.5, 0.0])


def test_no_factor_makes_a_score_infinite() -> None:
    boosts = Boosts(article_ids={"a0": 1e-300}, categories={"c": 1e-300}, sources={"s": 10.0})
    found = factors([entry(0, category="c", source="s"), entry(1, category="c")], boosts)
    assert (boosted(np.array([-1.0, 1.0]), found) == [-1000.0, 0.001]).all()

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.exploration import draw, optimistic_rates, softmax

counts = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500)), min_size=1, max_size=30)
weights = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), max_size=30)
rates = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(pairs=counts, optimism=st.floats(0, 100))
def test_optimistic_rates_are_rates(pairs: list[tuple[int, int]], optimism: float) -> None:
    clicks_N, impressions_N = np.array(pairs, float).T
    rates_N = optimistic_rates(clicks_N, impressions_N, 1.0, 20.0, optimism)
    assert ((rates_N >= 0) & (rates_N <= 1)).all()


@given(
    rate=st.floats(0.001, 0.5),
    below=st.floats(0, 1),
    seen=st.tuples(st.integers(0, 10_000), st.integers(1, 10_000)),
    optimism=st.floats(0.01, 3),
)
def test_at_one_rate_what_was_seen_more_is_believed_less(
    rate: float, below: float, seen: tuple[int, int], optimism: float
) -> None:
    impressions_N = np.array([seen[0], seen[0] + seen[1]], float)
    prior = (20 * rate, 20.0)
    rates_N = optimistic_rates(below * rate * impressions_N, impressions_N, *prior, optimism)
    assert rates_N[1] < rates_N[0]


def test_without_optimism_it_is_the_posterior_mean() -> None:
    rates_N = optimistic_rates(np.array([3.0]), np.array([30.0]), 1.0, 20.0, 0.0)
    assert rates_N.tolist() == [4 / 50]


def test_optimism_counts_posterior_standard_deviations() -> None:
    mean, deviation = 4 / 50, math.sqrt(4 * 46 / (50**2 * 51))
    rates_N = optimistic_rates(np.array([3.0]), np.array([30.0]), 1.0, 20.0, 2.0)
    assert rates_N == pytest.approx([mean + 2 * deviation])


def test_a_click_whose_impression_was_lost_is_one_impression() -> None:
    lost, whole = (
        optimistic_rates(np.array([5.0]), np.array([seen]), 1.0, 20.0, 1.0) for seen in (0.0, 5.0)
    )
    assert lost == whole


@pytest.mark.parametrize("prior", [(0.0, 20.0, 1.0), (20.0, 20.0, 1.0), (1.0, 20.0, -1.0)])
def test_a_prior_that_is_none_is_refused(prior: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="prior"):
        optimistic_rates(np.zeros(1), np.zeros(1), *prior)


@given(values=rates, temperature=st.floats(1e-300, 1e3))
def test_a_softmax_is_a_distribution_in_the_order_of_the_rates(
    values: list[float], temperature: float
) -> None:
    rates_N = np.array(values)
    chances_N = softmax(rates_N, temperature)
    assert chances_N.sum() == pytest.approx(1)
    assert (chances_N >= 0).all()
    assert (np.diff(chances_N[np.argsort(rates_N)]) >= 0).all()


def test_temperature_goes_from_the_best_alone_to_all_alike() -> None:
    rates_N = np.array([0.1, 0.2, 0.3])
    assert softmax(rates_N, 1e-4).tolist() == [0, 0, 1]
    assert softmax(rates_N, 1e6) == pytest.approx([1 / 3] * 3)
    assert softmax(np.empty(0), 1.0).tolist() == []
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="temperature"):
            softmax(rates_N, temperature)


@given(values=weights, count=st.integers(-1, 40), seed=st.integers(0, 9))
def test_draws_are_different_and_their_propensities_conditional(
    values: list[float], count: int, seed: int
) -> None:
    weights_N = np.array(values, float)
    positions_K, propensities_K = draw(weights_N, count, np.random.default_rng(seed))
    some = int((weights_N > 0).sum())
    assert len(positions_K) == len(propensities_K) == max(0, min(count, some))
    assert len(set(positions_K.tolist())) == len(positions_K)
    left_N = weights_N.copy()
    for position, propensity in zip(positions_K, propensities_K, strict=True):
        assert 0 < propensity <= 1
        assert propensity == pytest.approx(left_N[position] / left_N.sum())
        left_N[position] = 0
    if some and len(positions_K) == some:
        assert propensities_K[-1] == 1


def test_drawing_leaves_the_weights_alone() -> None:
    weights_N = np.array([1.0, 2.0])
    draw(weights_N, 2, np.random.default_rng(0))
    assert weights_N.tolist() == [1, 2]


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weights"):
        draw(np.array([1.0, weight]), 1, np.random.default_rng(0))


def test_draws_follow_the_chances_and_then_what_is_left() -> None:
    chances_N, rng, runs = softmax(np.array([0.1, 0.2, 0.3]), 0.1), np.random.default_rng(2), 4_000
    drawn = np.array([draw(chances_N, 2, rng)[0] for _ in range(runs)])
    second_N = [
        sum(chances_N[i] * chances_N[j] / (1 - chances_N[i]) for i in range(3) if i != j)
        for j in range(3)
    ]
    for place, expected_N in enumerate((chances_N, np.array(second_N))):
        found_N = np.bincount(drawn[:, place], minlength=3)
        chi_squared = ((found_N - runs * expected_N) ** 2 / (runs * expected_N)).sum()
        assert chi_squared < 13.8  # 1 in 1,000 at two degrees of freedom

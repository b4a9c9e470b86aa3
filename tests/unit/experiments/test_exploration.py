import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.exploration import draw, optimistic_rates, softmax

counts = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500)), min_size=1, max_size=30)


@given(pairs=counts, optimism=st.floats(0, 5), temperature=st.floats(0.01, 5))
def test_chances_are_probabilities_and_propensities_conditional(
    pairs: list[tuple[int, int]], optimism: float, temperature: float
) -> None:
    clicks, seen = np.array(pairs, float).T
    rates = optimistic_rates(clicks, seen, 1.0, 20.0, optimism)
    assert ((rates >= 0) & (rates <= 1)).all()
    chances = softmax(rates, temperature)
    assert abs(chances.sum() - 1) < 1e-9
    drawn, propensities = draw(chances, len(pairs) + 3, np.random.default_rng(1))
    assert sorted(drawn.tolist()) == list(range(len(pairs)))
    assert ((propensities > 0) & (propensities <= 1 + 1e-12)).all()
    assert abs(propensities[-1] - 1) < 1e-9
    assert abs(propensities[0] - chances[drawn[0]]) < 1e-12


def test_at_one_rate_what_was_seen_more_is_believed_less() -> None:
    seen = np.array([0.0, 20.0, 200.0, 2_000.0])
    rates = optimistic_rates(seen / 20, seen, 1.0, 20.0, 1.0)
    assert (np.diff(rates) < 0).all()
    assert rates[-1] > 0.05


def test_without_optimism_it_is_the_posterior_mean() -> None:
    rates = optimistic_rates(np.array([3.0]), np.array([30.0]), 1.0, 20.0, 0.0)
    assert rates.tolist() == [4 / 50]


def test_what_is_drawn_first_follows_the_chances() -> None:
    chances, rng, runs = softmax(np.array([0.1, 0.2, 0.3]), 0.1), np.random.default_rng(2), 4_000
    first = [int(draw(chances, 2, rng)[0][0]) for _ in range(runs)]
    frequencies = np.bincount(first, minlength=3) / runs
    assert (np.abs(frequencies - chances) < 4 * np.sqrt(chances * (1 - chances) / runs)).all()

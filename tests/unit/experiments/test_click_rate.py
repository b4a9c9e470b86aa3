import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.click_rate import Tally, click_rate, confidence_interval, variance

readers = st.lists(
    st.integers(1, 30).flatmap(lambda i: st.tuples(st.just(i), st.integers(0, i))),
    min_size=2,
    max_size=30,
)


def test_a_hand_computed_variance() -> None:
    tally = Tally.of([(2, 1), (4, 1), (4, 3)])
    assert click_rate(tally) == 0.5
    # Residuals c − R·i: 0, −1, 1; squares sum to 2; over (Σi)² = 100, times 3/2.
    assert variance(tally) == pytest.approx(2 / 100 * 3 / 2)


@given(readers)
def test_the_sums_give_what_the_readers_give(pairs: list[tuple[int, int]]) -> None:
    tally = Tally.of(pairs)
    seen, clicked = np.array(pairs, float).T
    rate = clicked.sum() / seen.sum()
    expected = ((clicked - rate * seen) ** 2).sum() / seen.sum() ** 2 * len(seen) / (len(seen) - 1)
    assert variance(tally) == pytest.approx(expected, abs=1e-12)


@given(readers)
def test_an_interval_lies_in_0_to_1_and_holds_the_rate(pairs: list[tuple[int, int]]) -> None:
    tally = Tally.of(pairs)
    interval = confidence_interval(tally)
    assert interval is not None
    lower, upper = interval
    assert 0 <= lower <= click_rate(tally) + 1e-12
    assert click_rate(tally) - 1e-12 <= upper <= 1


def test_one_impression_a_reader_is_the_binomial_variance() -> None:
    tally = Tally.of([(1, 1)] * 30 + [(1, 0)] * 70)
    assert variance(tally) == pytest.approx(0.3 * 0.7 / 99)


def test_nothing_is_said_of_nothing() -> None:
    assert click_rate(Tally()) is None
    assert confidence_interval(Tally()) is None
    assert confidence_interval(Tally.of([(5, 1)])) is None


def test_intervals_cover_the_truth_though_readers_differ() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        rates, seen = rng.beta(2, 18, 200), rng.integers(1, 20, 200)
        tally = Tally.of(zip(seen.tolist(), rng.binomial(seen, rates).tolist(), strict=True))
        lower, upper = confidence_interval(tally)
        held += lower <= 0.1 <= upper
    assert 0.92 <= held / 400 <= 0.98

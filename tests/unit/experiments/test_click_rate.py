import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.click_rate import Tally, confidence_interval, ctr, variance

readers = st.lists(
    st.integers(1, 30).flatmap(lambda i: st.tuples(st.just(i), st.integers(0, i))),
    min_size=2,
    max_size=30,
)


def test_a_hand_computed_variance() -> None:
    tally = Tally.of([(2, 1), (4, 1), (4, 3)])
    assert tally == Tally(3, 10, 5, 36, 11, 18)
    assert ctr(tally) == 0.5
    # Residuals c − R·i: 0, −1, 1; squares sum to 2; over (Σi)² = 100, times 3/2.
    assert variance(tally) == pytest.approx(2 / 100 * 3 / 2)


@given(readers)
def test_the_sums_give_what_the_readers_give(pairs: list[tuple[int, int]]) -> None:
    seen, clicked = np.array(pairs, float).T
    rate = clicked.sum() / seen.sum()
    expected = ((clicked - rate * seen) ** 2).sum() / seen.sum() ** 2 * len(seen) / (len(seen) - 1)
    assert variance(Tally.of(pairs)) == pytest.approx(expected, abs=1e-12)


@given(readers, readers)
def test_tallies_of_different_readers_add_up(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    assert Tally.of(some) + Tally.of(others) == Tally.of(some + others)


def test_one_impression_a_reader_is_the_binomial_variance() -> None:
    tally = Tally.of([(1, 1)] * 30 + [(1, 0)] * 70)
    assert variance(tally) == pytest.approx(0.3 * 0.7 / 99)


def test_readers_who_repeat_themselves_count_once() -> None:
    once = Tally.of([(1, 1)] * 30 + [(1, 0)] * 70)
    tenfold = Tally.of([(10, 10)] * 30 + [(10, 0)] * 70)
    assert variance(tenfold) == pytest.approx(variance(once))
    assert confidence_interval(tenfold) == pytest.approx(confidence_interval(once))


def test_millions_of_readers_lose_no_digit() -> None:
    pairs = [(1_000, 1), (1_000, 2)]
    few, many = variance(Tally.of(pairs)), variance(Tally.of(pairs * 50_000))
    assert few is not None
    assert many == pytest.approx(few / 50_000 / 2 * 100_000 / 99_999, rel=1e-14)


@given(readers)
def test_an_interval_lies_in_0_to_1_and_holds_the_rate(pairs: list[tuple[int, int]]) -> None:
    tally = Tally.of(pairs)
    rate, interval = ctr(tally), confidence_interval(tally)
    assert rate is not None
    assert interval is not None
    lower, upper = interval
    assert 0 <= lower <= rate + 1e-12
    assert rate - 1e-12 <= upper <= 1


def test_with_many_readers_the_interval_is_the_normal_one() -> None:
    tally = Tally.of([(4, 1), (6, 0), (5, 2), (9, 0)] * 5_000)
    rate, spread, interval = ctr(tally), variance(tally), confidence_interval(tally)
    assert rate is not None
    assert spread is not None
    half = 1.959964 * spread**0.5
    assert interval == pytest.approx((rate - half, rate + half), rel=1e-3)


def test_no_click_in_few_readers_is_not_certainty() -> None:
    interval = confidence_interval(Tally.of([(100, 0)] * 3))
    assert interval is not None
    assert interval[0] == 0
    assert interval[1] > 0.5


def test_nothing_is_said_of_nothing() -> None:
    nothing = Tally.of([])
    assert (ctr(nothing), variance(nothing), confidence_interval(nothing)) == (None, None, None)
    assert variance(Tally.of([(5, 1)])) is None


@pytest.mark.parametrize(("number", "fewest"), [(15, 0.86), (200, 0.92)])
def test_intervals_cover_the_truth_though_readers_differ(number: int, fewest: float) -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        rates, seen = rng.beta(2, 18, number), rng.integers(1, 20, number)
        clicked = rng.binomial(seen, rates)
        interval = confidence_interval(Tally.of(zip(seen.tolist(), clicked.tolist(), strict=True)))
        assert interval is not None
        held += interval[0] <= 0.1 <= interval[1]
    assert fewest <= held / 400 <= 0.98

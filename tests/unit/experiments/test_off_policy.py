import math
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.off_policy import (
    Estimate,
    SlotTally,
    coverage,
    effective_sample_size,
    ips,
    snips,
)

slots = st.lists(
    st.tuples(st.floats(0, 20).map(lambda w: round(w, 3)), st.integers(0, 1)), max_size=30
)


def told(estimate: Estimate | None) -> tuple[float, float]:
    assert estimate is not None
    assert estimate.standard_error is not None
    return estimate.value, estimate.standard_error


def test_a_hand_computed_case() -> None:
    tally = SlotTally.of([(2.0, 1), (0.0, 1), (4.0, 0), (2.0, 0)])
    assert tally == SlotTally(4, 8.0, 24.0, 2.0, 4.0, 4.0, 3)
    # w·r is 2, 0, 0, 0: mean 1/2, and variance (4/4 − 0.25) over n − 1 = 3.
    assert told(ips(tally)) == pytest.approx((0.5, (0.75 / 3) ** 0.5))
    # w²(r − 0.25)²: 4·0.5625, 0, 16·0.0625, 4·0.0625 sum to 3.5; times 4/3, over (Σw)² = 64.
    assert told(snips(tally)) == pytest.approx((0.25, (3.5 * 4 / 3) ** 0.5 / 8))
    assert effective_sample_size(tally) == pytest.approx(64 / 24)
    assert coverage(tally) == 0.75


def test_weights_of_one_are_the_plain_click_rate() -> None:
    tally = SlotTally.of([(1.0, 1)] * 3 + [(1.0, 0)] * 7)
    plain = pytest.approx((0.3, math.sqrt(0.3 * 0.7 / 9)))
    assert told(ips(tally)) == plain
    assert told(snips(tally)) == plain
    assert effective_sample_size(tally) == 10
    assert coverage(tally) == 1


@given(slots, slots)
def test_tallies_add_up_across_processes(
    here: list[tuple[float, int]], there: list[tuple[float, int]]
) -> None:
    apart, together = SlotTally.of(here) + SlotTally.of(there), SlotTally.of(here + there)
    one_by_one = reduce(add, (SlotTally.of_slot(w, r) for w, r in here + there), SlotTally())
    assert one_by_one == together
    assert apart.weights_squared == pytest.approx(together.weights_squared)
    assert (apart.slots, apart.covered) == (together.slots, together.covered)


@given(slots)
def test_what_is_a_share_stays_one(pairs: list[tuple[float, int]]) -> None:
    tally = SlotTally.of(pairs)
    normalised, effective = snips(tally), effective_sample_size(tally)
    assert normalised is None or 0 <= normalised.value <= 1 + 1e-12
    assert effective is None or 1 - 1e-9 <= effective <= len(pairs) + 1e-9


def test_nothing_is_said_where_the_policies_never_meet() -> None:
    tally = SlotTally.of([(0.0, 1)] * 5)
    assert ips(tally) == Estimate(0.0, 0.0)
    assert (snips(tally), effective_sample_size(tally), coverage(tally)) == (None, None, 0)
    nothing = SlotTally()
    assert (ips(nothing), snips(nothing), coverage(nothing)) == (None, None, None)


def test_one_slot_has_no_error_to_tell() -> None:
    assert ips(SlotTally.of([(2.0, 1)])) == Estimate(2.0, None)
    assert snips(SlotTally.of([(2.0, 1), (0.0, 0)])) == Estimate(1.0, None)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        SlotTally.of_slot(weight, 1)


@pytest.mark.parametrize("target_N", [*np.eye(4), np.array([0.1, 0.2, 0.3, 0.4])])
def test_both_find_the_click_rate_of_a_policy_that_was_never_run(target_N: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    rates_N, logged_N = np.array([0.02, 0.1, 0.3, 0.05]), np.array([0.5, 0.3, 0.1, 0.1])
    shown = rng.choice(4, 20_000, p=logged_N)
    clicks = rng.random(20_000) < rates_N[shown]
    weights = target_N[shown] / logged_N[shown]
    tally = SlotTally.of(zip(weights.tolist(), clicks.astype(int).tolist(), strict=True))
    for value, standard_error in (told(ips(tally)), told(snips(tally))):
        assert abs(value - target_N @ rates_N) < 3 * standard_error


def test_standard_errors_are_the_spread_over_repetitions() -> None:
    rng = np.random.default_rng(5)
    for method in (ips, snips):
        found = []
        for _ in range(300):
            shown = rng.choice(2, 300, p=[0.8, 0.2])
            clicks = rng.random(300) < np.array([0.1, 0.3])[shown]
            weights = np.array([0.6 / 0.8, 0.4 / 0.2])[shown]
            tally = SlotTally.of(zip(weights.tolist(), clicks.tolist(), strict=True))
            found.append(told(method(tally)))
        values, errors = np.array(found).T
        assert abs(values.mean() - 0.18) < 3 * values.std() / 300**0.5
        assert errors.mean() == pytest.approx(values.std(), rel=0.15)

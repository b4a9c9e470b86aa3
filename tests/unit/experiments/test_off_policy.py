import numpy as np
import pytest

from service.experiments.off_policy import (
    SlotTally,
    coverage,
    effective_sample_size,
    ips,
    snips,
)


def test_a_hand_computed_case() -> None:
    tally = SlotTally.of([(2.0, 1), (0.0, 1), (4.0, 0), (2.0, 0)])
    assert ips(tally).value == 0.5
    assert snips(tally).value == 0.25
    assert effective_sample_size(tally) == pytest.approx(64 / 24)
    assert coverage(tally) == 0.75
    # w·r is 2, 0, 0, 0: variance (4/4 − 0.25) over n − 1 = 3.
    assert ips(tally).standard_error == pytest.approx((0.75 / 3) ** 0.5)
    # w²(r − 0.25)²: 4·0.5625, 0, 16·0.0625, 4·0.0625 sum to 3.5; over (Σw)² = 64.
    assert snips(tally).standard_error == pytest.approx(3.5**0.5 / 8)


def test_weights_of_one_are_the_plain_click_rate() -> None:
    tally = SlotTally.of([(1.0, 1)] * 3 + [(1.0, 0)] * 7)
    assert ips(tally).value == snips(tally).value == pytest.approx(0.3)
    assert effective_sample_size(tally) == 10
    assert coverage(tally) == 1


def test_nothing_is_said_where_the_policies_never_meet() -> None:
    tally = SlotTally.of([(0.0, 1)] * 5)
    assert ips(tally).value == 0
    assert snips(tally) is None
    assert effective_sample_size(tally) is None
    assert coverage(tally) == 0
    assert (ips(SlotTally()), coverage(SlotTally())) == (None, None)


def test_both_find_the_click_rate_of_a_policy_that_was_never_run() -> None:
    rng = np.random.default_rng(4)
    rates, propensities = np.array([0.02, 0.1, 0.3, 0.05]), np.array([0.5, 0.3, 0.1, 0.1])
    drawn = rng.choice(4, 20_000, p=propensities)
    clicks = rng.random(20_000) < rates[drawn]
    for target, truth in enumerate(rates):
        weights = np.where(drawn == target, 1 / propensities[target], 0.0)
        tally = SlotTally.of(zip(weights.tolist(), clicks.astype(int).tolist(), strict=True))
        for estimate in (ips(tally), snips(tally)):
            assert abs(estimate.value - truth) < 3.5 * estimate.standard_error

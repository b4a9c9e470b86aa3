import math
from statistics import NormalDist

import numpy as np
import pytest

from service.experiments.click_rate import Tally
from service.experiments.sequential import boundary, compare, p_value

RUNS, READERS, LOOK_EVERY = 400, 5_000, 100


def sums(rng: np.random.Generator, runs: int, readers: int, rate: float) -> np.ndarray:
    """For each run and look, the six sums over the readers so far (runs × looks × 6)."""
    rates = rng.beta(20 * rate, 20 * (1 - rate), (runs, readers))
    seen = rng.integers(1, 10, (runs, readers))
    clicked = rng.binomial(seen, rates)
    parts = [np.ones_like(seen), seen, clicked, seen**2, clicked**2, seen * clicked]
    running = np.stack([part.cumsum(axis=1) for part in parts], axis=-1)
    return running[:, LOOK_EVERY // 2 - 1 :: LOOK_EVERY // 2]


def looks(variant: np.ndarray, control: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared z-scores and whether the sequence decides, at every look of every run."""
    z_squared, decided = [], []
    for at_variant, at_control in zip(
        variant.reshape(-1, 6).tolist(), control.reshape(-1, 6).tolist(), strict=True
    ):
        found = compare(Tally(*at_variant), Tally(*at_control))
        assert found is not None
        standard_error = (
            (found.upper - found.lower) / 2 / boundary(int(at_variant[0] + at_control[0]), 0.05)
        )
        z_squared.append((found.difference / standard_error) ** 2)
        decided.append(found.decided)
    shape = variant.shape[:2]
    return np.array(z_squared).reshape(shape), np.array(decided).reshape(shape)


def test_peeking_does_not_break_it_and_breaks_the_usual_interval() -> None:
    rng = np.random.default_rng(11)
    half = READERS // 2
    z_squared, decided = looks(sums(rng, RUNS, half, 0.1), sums(rng, RUNS, half, 0.1))
    usual = z_squared > NormalDist().inv_cdf(0.975) ** 2
    assert decided.any(axis=1).mean() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / RUNS)
    assert usual.any(axis=1).mean() > 0.15


def test_a_real_difference_is_found_in_time() -> None:
    rng = np.random.default_rng(12)
    half = READERS // 2
    _, decided = looks(sums(rng, 60, half, 0.13), sums(rng, 60, half, 0.1))
    assert decided[:, -1].mean() > 0.9


def test_the_p_value_crosses_alpha_where_the_bounds_leave_zero() -> None:
    for readers in (200, 2_000, 50_000):
        z_squared = boundary(readers, 0.05) ** 2
        assert p_value(z_squared, readers) == pytest.approx(0.05)
        assert p_value(0.9 * z_squared, readers) > 0.05 > p_value(1.1 * z_squared, readers)


def test_few_readers_decide_nothing() -> None:
    found = compare(Tally.of([(10, 9)] * 20 + [(10, 8)] * 20), Tally.of([(10, 0)] * 20))
    assert found is not None
    assert not found.decided
    assert (found.lower, found.upper, found.p_value) == (-1.0, 1.0, 1.0)
    assert compare(Tally(), Tally.of([(5, 1), (5, 2)])) is None

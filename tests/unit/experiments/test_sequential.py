"""The promise is about all looks together, so it is tested by looking, again and again."""

import math
from collections.abc import Callable
from itertools import accumulate
from operator import add
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.experiments.click_rate import Tally, ctr, variance
from service.experiments.sequential import Comparison, compare

LOOK_EVERY = 100
USUAL = NormalDist().inv_cdf(0.975)
History = list[tuple[Tally, Tally]]
"""The control's and the variant's tallies at every look."""


def tallies(seen: np.ndarray, clicked: np.ndarray) -> list[list[Tally]]:
    """Of each run, at each look, from readers' counts (runs × looks × readers)."""
    sums = [seen > 0, seen, clicked, seen**2, clicked**2, seen * clicked]
    looks = np.stack([part.sum(axis=-1) for part in sums], axis=-1).tolist()
    return [[Tally(*look) for look in run] for run in looks]


def arriving(
    rng: np.random.Generator, runs: int, rates: tuple[float, float], share: float = 0.5
) -> list[History]:
    """5,000 readers, each with their own rate, come once; a look after every 100."""
    shape = (runs, 50, LOOK_EVERY)
    varied = rng.random(shape) < share
    rate = np.where(varied, rates[1], rates[0])
    seen = rng.integers(1, 10, shape)
    clicked = rng.binomial(seen, rng.beta(20 * rate, 20 * (1 - rate)))
    return [
        list(zip(accumulate(control, add), accumulate(variant, add), strict=True))
        for control, variant in zip(
            tallies(seen * ~varied, clicked * ~varied),
            tallies(seen * varied, clicked * varied),
            strict=True,
        )
    ]


def returning(rng: np.random.Generator, runs: int, rate: float) -> list[History]:
    """The same 600 readers come again and again; a look after every round."""
    rates = rng.beta(20 * rate, 20 * (1 - rate), (runs, 1, 600))
    habits = rng.gamma(1.0, 1.0, (runs, 1, 600))
    visits = rng.poisson(np.broadcast_to(habits, (runs, 40, 600)))
    clicks = rng.binomial(visits, rates)
    seen, clicked = visits.cumsum(axis=1), clicks.cumsum(axis=1)
    halves = (slice(0, 300), slice(300, 600))
    control, variant = (tallies(seen[..., half], clicked[..., half]) for half in halves)
    return [list(zip(*pair, strict=True)) for pair in zip(control, variant, strict=True)]


def decides(history: History) -> bool:
    found = [compare(*look) for look in history]
    return any(comparison is not None and comparison.decided for comparison in found)


def usual_interval_decides(history: History) -> bool:
    for control, variant in history:
        rates, spreads = (ctr(control), ctr(variant)), (variance(control), variance(variant))
        assert rates[0] is not None
        assert rates[1] is not None
        assert spreads[0] is not None
        assert spreads[1] is not None
        if abs(rates[1] - rates[0]) > USUAL * math.sqrt(spreads[0] + spreads[1]):
            return True
    return False


def share_of(histories: list[History], decision: Callable[[History], bool]) -> float:
    return sum(map(decision, histories)) / len(histories)


def at_most(share: float, runs: int) -> float:
    """Two standard errors of the simulation above the share."""
    return share + 2 * math.sqrt(share * (1 - share) / runs)


def test_peeking_breaks_the_usual_interval_and_not_the_sequence() -> None:
    histories = arriving(np.random.default_rng(11), 400, (0.1, 0.1))
    assert share_of(histories, decides) <= at_most(0.05, 400)
    assert share_of(histories, usual_interval_decides) > 0.2


def test_readers_who_come_back_do_not_break_it() -> None:
    histories = returning(np.random.default_rng(12), 200, 0.1)
    assert share_of(histories, decides) <= at_most(0.05, 200)
    assert share_of(histories, usual_interval_decides) > 0.1


def test_a_small_share_with_few_clicks_does_not_break_it() -> None:
    histories = arriving(np.random.default_rng(13), 200, (0.03, 0.03), share=0.1)
    assert sum(compare(*history[-1]) is not None for history in histories) > 150
    assert share_of(histories, decides) <= at_most(0.05, 200)


@pytest.mark.parametrize("better", [0.13, 0.07])
def test_a_real_difference_is_found_in_time(better: float) -> None:
    histories = arriving(np.random.default_rng(14), 60, (0.1, better))
    assert share_of(histories, decides) > 0.9
    for history in histories:
        found = compare(*history[-1])
        assert found is not None
        assert found.lower <= better - 0.1 <= found.upper
        assert found.readers == 5_000


def found_in(control: list[tuple[int, int]], variant: list[tuple[int, int]]) -> Comparison:
    found = compare(Tally.of(control), Tally.of(variant))
    assert found is not None
    return found


@given(extra=st.integers(0, 300), level=st.floats(0.5, 0.999))
def test_the_p_value_says_at_which_level_zero_is_outside(extra: int, level: float) -> None:
    control = Tally.of([(10, 1)] * 400 + [(10, 0)] * 400)
    found = compare(control, control + Tally.of([(10, 3)] * extra), level)
    assert found is not None
    assert found.decided == (found.lower > 0 or found.upper < 0)
    if found.p_value != pytest.approx(1 - level):
        assert found.decided == (found.p_value < 1 - level)


def test_the_hand_computed_width() -> None:
    readers = [(1, 1)] * 100 + [(1, 0)] * 900
    spread = 2 * 0.1 * 0.9 / 999
    x = 0.01**2 / spread
    half = math.sqrt(spread * (1 + x) / x * 2 * math.log(math.sqrt(1 + x) / 0.05))
    found = found_in(readers, readers)
    assert (found.lower, found.upper) == pytest.approx((-half, half))
    assert (found.difference, found.p_value, found.decided) == (0, 1, False)


def test_the_sequence_is_wider_than_one_look_but_not_by_much_where_it_is_tightest() -> None:
    readers = [(1, 1)] * 1_000 + [(1, 0)] * 9_000
    spread = 2 * 0.1 * 0.9 / 9_999
    found = compare(Tally.of(readers), Tally.of(readers), rho=2.9 * math.sqrt(spread))
    assert found is not None
    assert found.upper / math.sqrt(spread) == pytest.approx(3.035, abs=1e-3)


def test_swapping_the_two_turns_the_sign() -> None:
    one, other = [(5, 1)] * 300 + [(5, 0)] * 300, [(5, 2)] * 200 + [(5, 0)] * 500
    there, back = found_in(one, other), found_in(other, one)
    assert (back.difference, back.lower) == pytest.approx((-there.difference, -there.upper))
    assert back.p_value == pytest.approx(there.p_value)


def test_a_variant_that_no_one_clicks_is_found_out() -> None:
    assert found_in([(10, 1)] * 500, [(10, 0)] * 490 + [(10, 1)]).decided


def test_too_little_is_not_compared() -> None:
    few = Tally.of([(10, 9)] * 4 + [(10, 1)] * 4)
    for tally in (few, Tally.of([]), Tally.of([(5, 1)]), Tally.of([(1_000, 0)] * 1_000)):
        assert compare(tally, tally) is None
    one_heavy_clicker = Tally.of([(1_000, 900)] + [(10, 0)] * 500)
    assert compare(one_heavy_clicker, one_heavy_clicker) is None


@pytest.mark.parametrize(("level", "rho"), [(0.0, 0.01), (1.0, 0.01), (0.95, 0.0)])
def test_a_level_or_rho_that_is_none_is_refused(level: float, rho: float) -> None:
    with pytest.raises(ValueError, match="level"):
        compare(Tally.of([]), Tally.of([]), level, rho)

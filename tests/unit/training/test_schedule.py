"""How the learning rate goes over a run, by hand."""

import pytest
import torch
from torch.optim import SGD

from training.recipe import Schedule
from training.schedule import schedule_of

STEPS, PEAK = 21, 0.5


def rates(kind: Schedule, warm_up: float, steps: int = STEPS) -> list[float]:
    """Those of the steps, of two groups of weights with peaks of 0.5 and 0.1."""
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [w], "lr": lr} for w, lr in zip(weights, (PEAK, 0.1), strict=True)]
    optimizer, found = SGD(groups), []
    schedule = schedule_of(kind, optimizer, steps, warm_up)
    for _ in range(steps):
        first, second = (group["lr"] for group in optimizer.param_groups)
        assert second == pytest.approx(first / 5)
        found.append(first)
        optimizer.step()
        schedule.step()
    return found


def test_a_constant_rate_rises_in_even_steps_and_stays() -> None:
    rising = [PEAK * share for share in (0.25, 0.5, 0.75)]
    assert rates("constant", 4 / STEPS) == pytest.approx(rising + [PEAK] * (STEPS - 3))
    assert rates("constant", 0) == [PEAK] * STEPS


def test_one_cycle_rises_from_a_25th_and_falls_to_nearly_nothing() -> None:
    found = rates("one_cycle", 3 / STEPS)  # the peak is the third step
    low, end = PEAK / 25, PEAK / 25e4
    assert found[:3] == pytest.approx([low, (low + PEAK) / 2, PEAK])  # half-way up a cosine
    assert found[11] == pytest.approx((PEAK + end) / 2)  # half-way down, from step 3 to step 21
    assert found[-1] == pytest.approx(end)
    assert max(found) == pytest.approx(PEAK)


@pytest.mark.parametrize("warm_up", [0, 0.1, 0.9])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_short_run_has_a_rate_at_every_step(warm_up: float, steps: int) -> None:
    for kind in ("constant", "one_cycle"):
        found = rates(kind, warm_up, steps)  # type: ignore[arg-type]
        assert all(0 < rate <= PEAK * 1.000001 for rate in found)


@pytest.mark.parametrize("warm_up", [0, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9])
def test_one_cycle_has_a_rate_at_every_step_of_any_run(warm_up: float) -> None:
    for steps in range(1, 61):
        found = rates("one_cycle", warm_up, steps)
        assert all(0 < rate <= PEAK * 1.000001 for rate in found)


def test_a_warm_up_of_one_step_begins_at_the_top() -> None:
    found = rates("one_cycle", 0.1, 10)
    assert found == rates("one_cycle", 0, 10)
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.95 * PEAK

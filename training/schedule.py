"""How large the learning rate is at a step: a share of what the recipe says, which is the peak."""

from collections.abc import Callable, Mapping
from typing import Final

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from training.recipe import Schedule

Rates = Callable[[Optimizer, int, float], LRScheduler]
"""Of an optimizer, the number of all steps, and the share of them in which the rate rises."""


def schedule_of(kind: Schedule, optimizer: Optimizer, steps: int, warm_up: float) -> LRScheduler:
    """The schedule of that kind; the optimizer's rates are its peaks."""
    return RATES[kind](optimizer, steps, warm_up)


def warmed(step: int, warm_up: float) -> float:
    """The share of the learning rate at a step: rising to 1 over the warm-up."""
    return min(1.0, (step + 1) / warm_up) if warm_up >= 1 else 1.0


def _constant(optimizer: Optimizer, steps: int, warm_up: float) -> LRScheduler:
    return LambdaLR(optimizer, lambda step: warmed(step, warm_up * steps))


def _one_cycle(optimizer: Optimizer, steps: int, warm_up: float) -> LRScheduler:
    """Along cosines, from a 25th up to the peak, and down to nearly nothing (Smith & Topin,
    *Super-Convergence*, 2018). Adam's momentum stays. A single step cannot rise, and torch divides
    by nothing there: a warm-up that is no longer than that is none.
    """
    peaks = [group["lr"] for group in optimizer.param_groups]
    rising = float(warm_up) if warm_up * steps > 1 else 0.0
    return OneCycleLR(optimizer, peaks, steps, pct_start=rising, cycle_momentum=False)


RATES: Final[Mapping[Schedule, Rates]] = {"constant": _constant, "one_cycle": _one_cycle}

"""Two tasks' gradients as one that harms neither: gradient surgery, as pure maths.

A gradient is a list of tensors, one a weight, taken together as one vector. Yu et al., *Gradient
Surgery for Multi-Task Learning*, NeurIPS 2020, for two tasks, as MTRec has it (Bi et al., 2022):
where the inner product of the two is negative, what points against the other is taken out. Their
sum is applied, not their mean.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Gradient = Sequence[Tensor]
"""Tensors of the weights' shapes, in the weights' order."""
Surgery = Callable[[Gradient, Gradient], list[Tensor]]
"""Of the main and the auxiliary gradient the one that is applied; both stay as they are."""


def symmetric(main: Gradient, auxiliary: Gradient) -> list[Tensor]:
    """``g_m' + g_a'``, each without its part against the other.

    ``g_m' = g_m − (⟨g_m,g_a⟩/|g_a|²) g_a`` and ``g_a' = g_a − (⟨g_m,g_a⟩/|g_m|²) g_m`` where
    ``⟨g_m,g_a⟩ < 0``, else both as they were.
    """
    conflict = _conflict(main, auxiliary)
    of_main, of_auxiliary = _share(conflict, main), _share(conflict, auxiliary)
    pairs = zip(main, auxiliary, strict=True)
    return [(m - of_auxiliary * a) + (a - of_main * m) for m, a in pairs]


def main_priority(main: Gradient, auxiliary: Gradient) -> list[Tensor]:
    """``g_m + g_a'``: the auxiliary gradient alone gives way."""
    of_main = _share(_conflict(main, auxiliary), main)
    return [m + (a - of_main * m) for m, a in zip(main, auxiliary, strict=True)]


def inner(one: Gradient, other: Gradient) -> Tensor:
    """``⟨one, other⟩`` in float64, where the square of no float32 vanishes."""
    parts = [
        torch.dot(a.flatten().double(), b.flatten().double())
        for a, b in zip(one, other, strict=True)
    ]
    return torch.stack(parts).sum() if parts else torch.zeros((), dtype=torch.float64)


def _conflict(main: Gradient, auxiliary: Gradient) -> Tensor:
    """``min(0, ⟨g_m, g_a⟩)``."""
    return inner(main, auxiliary).clamp(max=0)


def _share(conflict: Tensor, gradient: Gradient) -> Tensor:
    """``conflict / |gradient|²``: at most 0, and 0 for a gradient of length 0."""
    squared = inner(gradient, gradient)
    return torch.where(squared > 0, conflict / squared, 0.0)

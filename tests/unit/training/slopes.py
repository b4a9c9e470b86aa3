"""Whether a model's gradient is its loss's."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

STEP = 1e-5


def check_slope(model: nn.Module, loss: Callable[[], Tensor]) -> None:
    """Along random directions through all weights that learn, the loss changes as their gradient
    says. The model is in float64, without dropout. An embedding of padding, which torch never lets
    learn, stays where it is.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    assert {weight.dtype for weight in weights} == {torch.float64}
    padding = {
        id(one.weight): one.padding_idx
        for one in model.modules()
        if isinstance(one, nn.Embedding) and one.padding_idx is not None
    }
    gradients = torch.autograd.grad(loss(), weights, allow_unused=True)
    random = torch.Generator().manual_seed(9)
    for _ in range(2):
        directions = [torch.randn(w.shape, generator=random, dtype=w.dtype) for w in weights]
        for weight, direction in zip(weights, directions, strict=True):
            if id(weight) in padding:
                direction[padding[id(weight)]] = 0
        pairs = zip(gradients, directions, strict=True)
        expected = sum(float((g * d).sum()) for g, d in pairs if g is not None)
        assert expected
        values = []
        with torch.no_grad():
            for step in (STEP, -2 * STEP, STEP):  # forth, back, and to where it was
                for weight, direction in zip(weights, directions, strict=True):
                    weight.add_(direction, alpha=step)
                values.append(float(loss()))
        assert (values[0] - values[1]) / (2 * STEP) == pytest.approx(expected, rel=1e-4)

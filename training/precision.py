"""In what precision losses are computed."""

import torch
from torch import Tensor


def single(given: Tensor) -> Tensor:
    """At least float32: half precisions are too coarse for a loss. What is finer stays so."""
    return given.to(torch.promote_types(given.dtype, torch.float32))

"""From a text's token states to one vector. Padding never counts.

Shapes: B batch, T tokens, D dimensions.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

from training.encoders.kinds import Pooling


def cls(states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """The first token's state (B×D)."""
    return states_BTD[:, 0]


def mean(states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """The mean state (B×D) of the tokens that the mask shows."""
    mask_BT1 = mask_BT.unsqueeze(-1).to(states_BTD.dtype)
    return (states_BTD * mask_BT1).sum(dim=1) / mask_BT1.sum(dim=1).clamp(min=1)


def last_token(states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """The state (B×D) of the last token that the mask shows; padding stands on the right."""
    last_B11 = (mask_BT.sum(dim=1) - 1).clamp(min=0).view(-1, 1, 1)
    index_B1D = last_B11.expand(-1, 1, states_BTD.shape[-1])
    return torch.gather(states_BTD, 1, index_B1D).squeeze(1)


POOLINGS: Final[Mapping[Pooling, Callable[[Tensor, Tensor], Tensor]]] = {
    "cls": cls,
    "mean": mean,
    "last_token": last_token,
}

"""From a text's token states to one vector, by what is learned: attention and convolution.

``training.encoders.pooling`` holds the ways that learn nothing.

Shapes: B batch, T tokens, D dimensions, F filters.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from training.encoders import pooling as fixed
from training.encoders.kinds import Pooling, TrainedPooling
from training.models.attention import AdditiveAttention, SelfAttention

HEADS: Final = 20
"""Self-attention heads; each has so many dimensions that all of them make the vector's."""
WINDOW: Final = 3
"""Tokens that a convolution sees at once."""
OF_FIRST: Final[Mapping[str, TrainedPooling]] = {
    "cls_self_attention": "self_attention",
    "cls_convolution": "convolution",
}
"""The poolings that are given the first token's state alone, and what they are otherwise."""
GIVES_OUTPUT: Final = ("self_attention", "convolution", *OF_FIRST)
"""The poolings whose vectors have the wanted dimension already."""


class Fixed(nn.Module):
    """A pooling that learns nothing."""

    def __init__(self, kind: Pooling) -> None:
        super().__init__()
        self.kind = kind
        self.pool: Callable[[Tensor, Tensor], Tensor] = fixed.POOLINGS[kind]

    def extra_repr(self) -> str:
        """The kind, which tells what is kept of one pooling from what is kept of another."""
        return self.kind

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The vectors (B×D)."""
        return self.pool(states_BTD, mask_BT)


class SelfAttentionPooling(nn.Module):
    """Self-attention over the tokens, then additive attention: NRMS's news encoder."""

    def __init__(self, dimension: int, output: int, dropout: float) -> None:
        super().__init__()
        self.look = SelfAttention(dimension, HEADS, output // HEADS)
        self.attend = AdditiveAttention(HEADS * (output // HEADS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The vectors (B×output)."""
        seen: Tensor = self.attend(self.dropout(self.look(states_BTD, mask_BT)), mask_BT)
        return seen


class ConvolutionPooling(nn.Module):
    """A convolution over three tokens at a time, then additive attention: NAML's and LSTUR's."""

    def __init__(self, dimension: int, output: int, dropout: float) -> None:
        super().__init__()
        self.look = nn.Conv1d(dimension, output, WINDOW, padding=WINDOW // 2)
        self.attend = AdditiveAttention(output)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The vectors (B×output). Behind a text's last token the convolution reads zeros."""
        shown_BTD = states_BTD * mask_BT.unsqueeze(-1).to(states_BTD.dtype)
        seen_BTF = torch.relu(self.look(shown_BTD.transpose(1, 2))).transpose(1, 2)
        vectors: Tensor = self.attend(self.dropout(seen_BTF), mask_BT)
        return vectors


class FirstAlone(nn.Module):
    """A pooling that is given the first token's state alone, as a sequence of length 1."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The vectors (B×·)."""
        vectors: Tensor = self.pool(states_BTD[:, :1], mask_BT[:, :1])
        return vectors


def build_pooling(
    kind: Pooling | TrainedPooling, dimension: int, output: int, dropout: float
) -> tuple[nn.Module, int]:
    """The pooling of states of ``dimension``, and the dimension of what it gives."""
    match kind:
        case "self_attention":
            return SelfAttentionPooling(dimension, output, dropout), output // HEADS * HEADS
        case "convolution":
            return ConvolutionPooling(dimension, output, dropout), output
        case "attention":
            return AdditiveAttention(dimension), dimension
        case "cls_self_attention" | "cls_convolution":
            pool, dimension = build_pooling(OF_FIRST[kind], dimension, output, dropout)
            return FirstAlone(pool), dimension
        case _:
            return Fixed(kind), dimension


class Centred(nn.Module):
    """A pooling whose vectors are centred: at length 1, minus the centre, at length 1 again.

    The centre is zero until ``training.models.centring`` sets it.
    """

    centre_D: Tensor

    def __init__(self, pool: nn.Module, dimension: int) -> None:
        super().__init__()
        self.pool = pool
        self.register_buffer("centre_D", torch.zeros(dimension))

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The centred vectors (B×D)."""
        vectors_BD = normalize(self.pool(states_BTD, mask_BT), dim=-1)
        return normalize(vectors_BD - self.centre_D, dim=-1)

"""Attention over a masked sequence: over a text's tokens, or over a reader's clicks.

Nothing here sees what the mask hides, and a sequence that is hidden whole gives zeros.

Shapes: B batch, L length of the sequence, D dimensions, Q query dimensions, A heads.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

QUERY: Final = 200
"""The dimensions of an attention query, as all four papers have them."""


class AdditiveAttention(nn.Module):
    """The weighted mean of a sequence: ``αᵢ = softmaxᵢ(qᵀ tanh(W rᵢ + b))``, ``u = Σ αᵢ rᵢ``.

    Wu et al., NRMS (EMNLP 2019), equations 5 and 6; NAML (IJCAI 2019), equations 4 and 5.
    """

    def __init__(self, dimension: int, query: int = QUERY) -> None:
        super().__init__()
        self.project = nn.Linear(dimension, query)
        self.query = nn.Linear(query, 1, bias=False)

    def terms(self, states_BLD: Tensor, mask_BL: Tensor) -> Tensor:
        """Each place's part ``αᵢ rᵢ`` (B×L×D); they sum to the weighted mean."""
        logits_BL1 = self.query(torch.tanh(self.project(states_BLD)))
        return masked_softmax(logits_BL1, mask_BL.unsqueeze(-1)) * states_BLD

    def forward(self, states_BLD: Tensor, mask_BL: Tensor) -> Tensor:
        """The weighted mean (B×D)."""
        return self.terms(states_BLD, mask_BL).sum(dim=1)


class PerDimensionAttention(nn.Module):
    """A weight for each dimension: ``u = Σ softmaxᵢ(q ⊙ tanh(W rᵢ)) ⊙ rᵢ``, as MTRec writes it."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.project = nn.Linear(dimension, dimension, bias=False)
        self.query_D = nn.Parameter(torch.randn(dimension) * dimension**-0.5)

    def terms(self, states_BLD: Tensor, mask_BL: Tensor) -> Tensor:
        """Each place's part (B×L×D); they sum to the weighted mean."""
        logits_BLD = self.query_D * torch.tanh(self.project(states_BLD))
        return masked_softmax(logits_BLD, mask_BL.unsqueeze(-1)) * states_BLD

    def forward(self, states_BLD: Tensor, mask_BL: Tensor) -> Tensor:
        """The weighted mean (B×D)."""
        return self.terms(states_BLD, mask_BL).sum(dim=1)


class SelfAttention(nn.Module):
    """Multi-head self-attention: every place looks at all shown places of its own sequence.

    Wu et al., NRMS (EMNLP 2019), equations 1 and 2; scaled as Vaswani et al. do.
    """

    def __init__(self, dimension: int, heads: int, head_dimension: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(dimension, 3 * heads * head_dimension)

    def forward(self, states_BLD: Tensor, mask_BL: Tensor) -> Tensor:
        """The states (B×L×(A·head dimension)) after each place has looked around."""
        batch, length, _ = states_BLD.shape
        parts = self.project(states_BLD).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        bias_B11L = hiding(mask_BL, states_BLD.dtype).view(batch, 1, 1, length)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias_B11L)
        return seen.transpose(1, 2).reshape(batch, length, -1)


def masked_softmax(logits_BLX: Tensor, mask_BL1: Tensor) -> Tensor:
    """The softmax over the places (dimension 1) that the mask shows; all zero where it shows none.

    Places that are hidden do not change the result, however many there are.
    """
    weights_BLX = torch.softmax(logits_BLX + hiding(mask_BL1, logits_BLX.dtype), dim=1)
    return weights_BLX * mask_BL1.to(logits_BLX.dtype)


def hiding(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to logits: 0 where the mask shows, elsewhere the lowest number there is, which
    stands for minus infinity and turns nothing into NaN.
    """
    return (1 - mask.to(dtype)) * torch.finfo(dtype).min

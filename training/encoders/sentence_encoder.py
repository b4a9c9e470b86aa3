"""A pretrained transformer with its pooling: tokens in, one vector a text out.

Shapes: B batch, T tokens, D dimensions.
"""

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.encoders.kinds import Pooling
from training.encoders.pooling import POOLINGS


class SentenceEncoder(nn.Module):
    """Transformer, pooling, and the linear layers that some encoders put behind it.

    The vectors are not normalised: who scores with them decides that.
    """

    def __init__(
        self, transformer: nn.Module, pooling: Pooling, dense: Sequence[nn.Module] = ()
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.pool = POOLINGS[pooling]
        self.dense = nn.Sequential(*dense)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The vectors (B×D) of token ids and mask (B×T), padded on the right."""
        states_BTD = self.transformer(
            input_ids=input_ids,
            attention_mask=attention_mask,
            **further_inputs(self.transformer, attention_mask),
        ).last_hidden_state
        vectors_BD: Tensor = self.dense(self.pool(states_BTD, attention_mask))
        return vectors_BD


def further_inputs(transformer: nn.Module, mask_BT: Tensor) -> dict[str, Tensor]:
    """What else an architecture reads: one segment, and positions where padding shifts them.

    RoBERTa and its kin count positions from behind the padding id, over the tokens whose id is
    not padding; serving pads with zeros, so here the mask says what a token is.
    """
    named = inspect.signature(transformer.forward).parameters
    extra = {}
    if "token_type_ids" in named:
        extra["token_type_ids"] = torch.zeros_like(mask_BT)
    offset = padding_offset(transformer)
    if offset is not None and "position_ids" in named:
        extra["position_ids"] = mask_BT.cumsum(dim=1) * mask_BT + offset
    return extra


def padding_offset(transformer: nn.Module) -> int | None:
    """The padding id that a RoBERTa-like model's positions start from; None for the others."""
    table = getattr(getattr(transformer, "embeddings", None), "position_embeddings", None)
    offset: int | None = getattr(table, "padding_idx", None)
    return offset


def padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and mask (B×T), padded on the right with zeros."""
    width = max(len(ids) for ids in texts)
    ids_BT = torch.tensor([[*ids, *[0] * (width - len(ids))] for ids in texts])
    mask_BT = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in texts])
    return ids_BT.to(device), mask_BT.to(device)

"""Text encoders: token ids in, one vector a text out, in two parts.

The frozen part is the same before and after training, so that what it gives can be kept for every
text (``training.encoding``). The trained part is walked at every step.

Shapes: B batch, T tokens, D dimensions.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from training.encoders.sentence_encoder import further_inputs
from training.models.depth import split

Kept = Literal["tokens", "states", "vectors"]
"""What the frozen part gives: the token ids themselves, a state a token, or a vector a text."""


class TextEncoder(nn.Module):
    """``tail(pool(trained(frozen(tokens))))``. Parts that there are none of are None."""

    def __init__(
        self,
        frozen: nn.Module | None,
        trained: nn.Module | None,
        pool: nn.Module,
        tail: nn.Module,
        dimension: int,
    ) -> None:
        super().__init__()
        self.frozen, self.trained, self.pool, self.tail = frozen, trained, pool, tail
        self.dimension = dimension
        if frozen is not None:
            frozen.requires_grad_(False)
        self.train(self.training)

    @property
    def kept(self) -> Kept:
        """What the frozen part gives."""
        if self.frozen is None:
            return "tokens"
        learns = any(parameter.requires_grad for parameter in self.pool.parameters())
        return "states" if self.trained is not None or learns else "vectors"

    def pretrained(self) -> Iterator[nn.Parameter]:
        """The weights of the trained layers of a transformer, which learned before."""
        if isinstance(self.trained, Tokens | States):
            yield from self.trained.parameters()

    def train(self, mode: bool = True) -> "TextEncoder":
        """As any module, but the frozen part never drops out."""
        super().train(mode)
        if self.frozen is not None:
            self.frozen.eval()
        return self

    def before(self, input_ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """What the frozen part makes of token ids: B×T, B×T×D or B×D, as ``kept`` says."""
        if self.frozen is None:
            return input_ids_BT
        mask_BT = never_empty(mask_BT)
        with torch.no_grad():
            states_BTD: Tensor = self.frozen(input_ids_BT, mask_BT)
            if self.kept == "vectors":
                return self.pool(states_BTD, mask_BT)  # type: ignore[no-any-return]
        return states_BTD

    def pooled(self, kept: Tensor, mask_BT: Tensor) -> Tensor:
        """One vector a text (B×·) of what the frozen part gave."""
        if self.kept == "vectors":
            return kept
        mask_BT = never_empty(mask_BT)
        looked_up = isinstance(self.trained, Words) and kept.is_floating_point()
        states_BTD = kept if self.trained is None or looked_up else self.trained(kept, mask_BT)
        vectors: Tensor = self.pool(states_BTD, mask_BT)
        return vectors

    def ready(self, kept: Sequence[Tensor]) -> Sequence[Tensor]:
        """What several calls of ``after`` are given in training, where they have work in common:
        words are looked up once for all of them, since each look-up costs a gradient of the whole
        table.
        """
        return self.trained.several(kept) if isinstance(self.trained, Words) else kept

    def after(self, kept: Tensor, mask_BT: Tensor) -> Tensor:
        """The vectors (B×D) of what the frozen part gave."""
        vectors_BD: Tensor = self.tail(self.pooled(kept, mask_BT))
        return vectors_BD

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The vectors (B×D) of token ids and mask (B×T), padded on the right."""
        return self.after(self.before(input_ids, attention_mask), attention_mask)


class Tokens(nn.Module):
    """A transformer from token ids: B×T to B×T×D."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """The last layer's states."""
        extra = further_inputs(self.transformer, mask_BT)
        states: Tensor = self.transformer(
            input_ids=input_ids_BT, attention_mask=mask_BT, **extra
        ).last_hidden_state
        return states


class States(nn.Module):
    """The upper layers of a transformer: B×T×D to B×T×D."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """The last layer's states."""
        given: Tensor = self.transformer(
            inputs_embeds=states_BTD, attention_mask=mask_BT
        ).last_hidden_state
        return given


class Words(nn.Module):
    """Static vectors, looked up by id: B×T to B×T×D."""

    def __init__(self, vectors_VD: Tensor, dropout: float) -> None:
        super().__init__()
        self.table = nn.Embedding(len(vectors_VD), vectors_VD.shape[1], 0, _weight=vectors_VD)
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """The words' vectors."""
        states: Tensor = self.dropout(self.table(input_ids_BT))
        return states

    def several(self, ids: Sequence[Tensor]) -> list[Tensor]:
        """The words' vectors of several batches of ids, each of its own width."""
        flat = torch.cat([some.flatten() for some in ids])
        parts = self.dropout(self.table(flat)).split([some.numel() for some in ids])
        return [part.view(*some.shape, -1) for part, some in zip(parts, ids, strict=True)]


class Residual(nn.Module):
    """``v + W·dropout(v)``, where ``W`` starts at zero."""

    def __init__(self, dimension: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.change = nn.Linear(dimension, dimension, bias=False)
        nn.init.zeros_(self.change.weight)

    def forward(self, vectors_BD: Tensor) -> Tensor:
        """The changed vectors (B×D)."""
        changed: Tensor = vectors_BD + self.change(self.dropout(vectors_BD))
        return changed


def in_two(
    transformer: Any, trained_layers: int | None
) -> tuple[nn.Module | None, nn.Module | None]:
    """The frozen and the trained part: None of the layers trained, all (``None``), or so many.

    Raises UnusableEncoder as ``depth.split`` does.
    """
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler = None  # its weights would learn nothing
    if trained_layers is None:
        return None, Tokens(transformer)
    if trained_layers == 0:
        return Tokens(transformer), None
    lower, upper = split(transformer, trained_layers)
    return Tokens(lower), States(upper)


def never_empty(mask_BT: Tensor) -> Tensor:
    """The mask with every text's first token shown: attention over nothing is no number."""
    first_BT = torch.zeros_like(mask_BT)
    first_BT[:, 0] = 1
    return torch.maximum(mask_BT, first_BT)

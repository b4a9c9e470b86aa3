"""Texts without padding: a row a token, and a transformer's layers walked over these rows.

All that a layer does to a token by itself, which is nearly all, is one large product over the true
tokens of a batch. Attention alone sees texts side by side, in buckets of like length.

Shapes: B texts, N tokens of all, M of a bucket, S texts of a bucket, T tokens of its longest,
D dimensions, A heads, K dimensions of a head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import embedding, scaled_dot_product_attention

from training.encoders.sentence_encoder import padding_offset

BUCKETS: Final = 4

Between = Callable[[int, Tensor], Tensor]
"""What happens to the states in a layer, after attention."""


@dataclass(frozen=True, eq=False)
class Bucket:
    """Texts of like length: their rows from ``first`` on, and where these stand side by side."""

    first: int
    texts_S: Tensor
    """Their places in the batch."""
    mask_ST: Tensor
    flat_M: Tensor
    """Each row's place in the flattened mask."""

    def spread(self, states_ND: Tensor) -> Tensor:
        """The texts side by side (S×T×D), zero where the mask hides."""
        rows_MD = states_ND[self.first : self.first + len(self.flat_M)]
        empty = rows_MD.new_zeros(self.mask_ST.numel(), rows_MD.shape[1])
        return empty.index_copy(0, self.flat_M, rows_MD).view(*self.mask_ST.shape, -1)

    def rows(self, states_STD: Tensor) -> Tensor:
        """What ``spread`` had spread (M×D)."""
        return states_STD.flatten(0, 1).index_select(0, self.flat_M)

    def to(self, device: torch.device) -> "Bucket":
        """The bucket on a device."""
        moved = (part.to(device) for part in (self.texts_S, self.mask_ST, self.flat_M))
        return Bucket(self.first, *moved)


@dataclass(frozen=True, eq=False)
class Packed:
    """Texts' token ids, a row a token, bucket behind bucket."""

    ids_N: Tensor
    places_N: Tensor
    """From 0 on within each text."""
    buckets: tuple[Bucket, ...]

    @property
    def order(self) -> Tensor:
        """Where each text of the batch stands among those of all buckets."""
        return torch.argsort(torch.cat([bucket.texts_S for bucket in self.buckets]))

    def to(self, device: torch.device) -> "Packed":
        """The texts on a device."""
        buckets = tuple(bucket.to(device) for bucket in self.buckets)
        return Packed(self.ids_N.to(device), self.places_N.to(device), buckets)


def packed(texts: Sequence[Sequence[int]]) -> Packed:
    """Texts' token ids, each of one token at least, dealt into buckets by their length."""
    order = in_order(texts)
    size, buckets, first = -(-len(order) // BUCKETS), list[Bucket](), 0
    for begin in range(0, len(order), size):
        some = order[begin : begin + size]
        lengths_S = torch.tensor([len(texts[text]) for text in some])
        mask_ST = torch.arange(int(lengths_S.max())) < lengths_S.unsqueeze(1)
        flat_M = mask_ST.flatten().nonzero().squeeze(1)
        buckets.append(Bucket(first, torch.tensor(some), mask_ST, flat_M))
        first += len(flat_M)
    ids = [piece for text in order for piece in texts[text]]
    places = [place for text in order for place in range(len(texts[text]))]
    return Packed(torch.tensor(ids), torch.tensor(places), tuple(buckets))


def in_order(texts: Sequence[Sequence[int]]) -> list[int]:
    """The texts as ``packed`` takes them: the shortest first."""
    return sorted(range(len(texts)), key=lambda text: len(texts[text]))


def states(
    transformer: Any, texts: Packed, *, causal: bool = False, between: Between | None = None
) -> Tensor:
    """The last layer's states (N×D) of a BERT, a RoBERTa or an XLM-RoBERTa; with ``causal`` a token
    sees none behind it.
    """
    states_ND = _embedded(transformer, texts)
    for number, layer in enumerate(transformer.encoder.layer):
        said_ND = _attended(layer.attention.self, states_ND, texts.buckets, causal)
        states_ND = layer.attention.output(said_ND, states_ND)
        if between is not None:
            states_ND = between(number, states_ND)
        states_ND = layer.output(layer.intermediate(states_ND), states_ND)
    return states_ND


def _embedded(transformer: Any, texts: Packed) -> Tensor:
    offset, words = padding_offset(transformer), transformer.embeddings.word_embeddings
    places_N = texts.places_N if offset is None else texts.places_N + offset + 1
    # The head's gradient of the table is dense anyway: a look-up's few rows are added to it.
    words_ND = embedding(texts.ids_N, words.weight, words.padding_idx, sparse=True)
    found: Tensor = transformer.embeddings(
        inputs_embeds=words_ND.unsqueeze(0),
        token_type_ids=torch.zeros_like(texts.ids_N).unsqueeze(0),
        position_ids=places_N.unsqueeze(0),
    )
    return found.squeeze(0)


def _attended(own: Any, states_ND: Tensor, buckets: Sequence[Bucket], causal: bool) -> Tensor:
    """What each token's heads say (N×D)."""
    asked_ND, known_ND, held_ND = (part(states_ND) for part in (own.query, own.key, own.value))
    dropout = own.dropout.p if own.training else 0.0
    parts = []
    for bucket in buckets:
        asked, known, held = (
            _heads(bucket.spread(one), own.num_attention_heads)
            for one in (asked_ND, known_ND, held_ND)
        )
        # Padding stands on the right, where no causal token looks.
        mask = None if causal else bucket.mask_ST[:, None, None, :]
        said_SATK = scaled_dot_product_attention(
            asked, known, held, attn_mask=mask, dropout_p=dropout, is_causal=causal
        )
        parts.append(bucket.rows(said_SATK.transpose(1, 2).flatten(2)))
    return torch.cat(parts)


def _heads(states_STD: Tensor, heads: int) -> Tensor:
    """S×A×T×K."""
    return states_STD.view(*states_STD.shape[:2], heads, -1).transpose(1, 2)

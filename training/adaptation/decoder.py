"""The decoder: the encoder's own layers over again, from left to right, beside one vector.

As in TSDAE (Wang et al., arXiv 2104.06979), embeddings, self-attention and feed-forward are the
encoder's, the very same parameters; cross-attention and the head's transform are new. Since
there is but one vector to attend to, and a softmax over one key is 1, cross-attention's queries
and keys have no say and learn nothing: they are left out, and what the vector says is found once
a text, not once a token. The numbers are those of cross-attention with them.

Shapes: B texts, T tokens, N tokens that are told, D dimensions, A heads, K dimensions of a head,
X dimensions of a vector, V pieces, P of them that a token is told from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import BertModel, RobertaModel, XLMRobertaModel

from training.adaptation.packed import Packed, in_order, packed, states
from training.adaptation.token_loss import token_loss
from training.encoders.huggingface import dimension
from training.encoders.sentence_encoder import SentenceEncoder
from training.errors import UnusableEncoder

KNOWN: Final = (BertModel, RobertaModel, XLMRobertaModel)


def check_decodes(transformer: nn.Module) -> None:
    """Raises UnusableEncoder for layers that a decoder does not know how to walk."""
    if not isinstance(transformer, KNOWN):
        known = ", ".join(kind.__name__ for kind in KNOWN)
        raise UnusableEncoder(
            f"a {type(transformer).__name__} cannot decode with its own layers; adaptation "
            f"knows {known}"
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """What is read, what is told but for each text's last token, and what comes next each time."""

    read: Packed
    told: Packed
    wanted_N: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return Batch(self.read.to(device), self.told.to(device), self.wanted_N.to(device))


def batch_of(read: Sequence[Sequence[int]], told: Sequence[Sequence[int]]) -> Batch:
    """Texts' token ids: of each told text all but the first are to be told, each from those that
    stand before it.
    """
    given = [ids[:-1] for ids in told]
    wanted = [piece for text in in_order(given) for piece in told[text][1:]]
    return Batch(packed(read), packed(given), torch.tensor(wanted))


class Crossing(nn.Module):
    """Cross-attention to a single vector, as a layer of BERT has it: ``norm(s + W·value(v))``."""

    def __init__(self, config: Any, vector_dimension: int) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.value = nn.Linear(vector_dimension, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropped_heads = nn.Dropout(config.attention_probs_dropout_prob)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, states_ND: Tensor, vectors_BX: Tensor, texts: Packed) -> Tensor:
        """The texts' states (N×D) with what each head says of their vectors."""
        values_BAK = self.value(vectors_BX).view(len(vectors_BX), self.heads, -1)
        output_DAK = self.output.weight.view(len(self.output.weight), self.heads, -1)
        said_BAD = torch.einsum("bak,dak->bad", values_BAK, output_DAK)
        parts = []
        for bucket in texts.buckets:
            weights_STA = said_BAD.new_ones(*bucket.mask_ST.shape, self.heads)
            said_STD = self.dropped_heads(weights_STA) @ said_BAD[bucket.texts_S]
            parts.append(bucket.rows(said_STD))
        said_ND = torch.cat(parts) + self.output.bias
        stated: Tensor = self.norm(states_ND + self.dropout(said_ND))
        return stated


class Head(nn.Module):
    """From a state to the next token: a transform, then the embedding table (tied) and a bias."""

    def __init__(self, config: Any, activation: nn.Module) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = activation
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, states_ND: Tensor) -> Tensor:
        """The transformed states (N×D)."""
        transformed: Tensor = self.norm(self.activation(self.dense(states_ND)))
        return transformed


class Decoder(nn.Module):
    """Tells a text, token by token, from its vector. Raises as ``check_decodes`` does.

    ``pieces`` are those of the vocabulary, in ascending order, that a token is told from.
    """

    pieces_P: Tensor | None

    def __init__(self, encoder: SentenceEncoder, pieces: Sequence[int] | None = None) -> None:
        super().__init__()
        transformer: Any = encoder.transformer
        check_decodes(transformer)
        config = transformer.config
        self.transformer = transformer
        self.crossings = nn.ModuleList(
            Crossing(config, dimension(encoder)) for _ in transformer.encoder.layer
        )
        activation = transformer.encoder.layer[0].intermediate.intermediate_act_fn
        self.head = Head(config, activation)
        told_from = None if pieces is None else torch.tensor(pieces)
        self.register_buffer("pieces_P", told_from, persistent=False)
        _begin(self.own(), config.initializer_range)

    def own(self) -> nn.ModuleDict:
        """What it does not share with the encoder."""
        return nn.ModuleDict({"crossings": self.crossings, "head": self.head})

    @property
    def table(self) -> Tensor:
        """The embedding table (V×D), which is the head's, too."""
        weight: Tensor = self.transformer.embeddings.word_embeddings.weight
        return weight

    def states(self, vectors_BX: Tensor, told: Packed) -> Tensor:
        """The last layer's states (N×D), each from the vector and the tokens up to its own."""

        def crossed(number: int, states_ND: Tensor) -> Tensor:
            found: Tensor = self.crossings[number](states_ND, vectors_BX, told)
            return found

        return states(self.transformer, told, causal=True, between=crossed)

    def loss(self, states_ND: Tensor, wanted_N: Tensor) -> Tensor:
        """The mean cross-entropy of the wanted tokens, in full precision whatever states are in."""
        states_ND, table_VD = self.head(states_ND), self.table
        bias_V: Tensor = self.head.bias
        if self.pieces_P is not None:
            table_VD, bias_V = table_VD[self.pieces_P], bias_V[self.pieces_P]
            wanted_N = torch.searchsorted(self.pieces_P, wanted_N)
        with torch.autocast(states_ND.device.type, enabled=False):
            return token_loss(states_ND.to(table_VD.dtype), table_VD, bias_V, wanted_N)


class Autoencoder(nn.Module):
    """Encoder and decoder. What they share counts once among the parameters."""

    def __init__(self, encoder: SentenceEncoder, pieces: Sequence[int] | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = Decoder(encoder, pieces)
        transformer: Any = encoder.transformer
        transformer.set_attn_implementation("sdpa")

    def vectors(self, read: Packed) -> Tensor:
        """The encoder's vectors (B×X), without walking over padding."""
        states_ND = states(self.encoder.transformer, read)
        pooled = [
            self.encoder.pool(bucket.spread(states_ND), bucket.mask_ST.long())
            for bucket in read.buckets
        ]
        vectors_BX: Tensor = self.encoder.dense(torch.cat(pooled)[read.order])
        return vectors_BX

    def forward(self, batch: Batch) -> Tensor:
        """The mean loss over all tokens that the batch tells."""
        vectors_BX = self.vectors(batch.read)
        return self.decoder.loss(self.decoder.states(vectors_BX, batch.told), batch.wanted_N)


def _begin(new: nn.Module, deviation: float) -> None:
    """Fresh weights, as BERT's own begin."""
    for part in new.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=deviation)
            nn.init.zeros_(part.bias)

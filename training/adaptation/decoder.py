"""The decoder: the encoder's own layers over again, from left to right, beside one vector.

As in TSDAE (Wang et al., arXiv 2104.06979), embeddings, self-attention and feed-forward are the
encoder's, the very same parameters; cross-attention and the head's transform are new. Since
there is but one vector to attend to, and a softmax over one key is 1, cross-attention's queries
and keys have no say and learn nothing: they are left out, and what the vector says is found once
a text, not once a token. The numbers are those of cross-attention with them.

Shapes: B texts, T tokens, N tokens that are told, D dimensions, A heads, K dimensions of a head,
X dimensions of a vector, V pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import BertModel, RobertaModel, XLMRobertaModel

from training.adaptation.token_loss import token_loss
from training.encoders.huggingface import dimension
from training.encoders.sentence_encoder import SentenceEncoder, further_inputs
from training.errors import UnusableEncoder

KNOWN: Final = (BertModel, RobertaModel, XLMRobertaModel)


@dataclass(frozen=True, eq=False)
class Bucket:
    """Texts of like length: what is read and what is told, each as ids and mask (B×T)."""

    read_BT: Tensor
    read_mask_BT: Tensor
    told_BT: Tensor
    told_mask_BT: Tensor


class OneVector(nn.Module):
    """Cross-attention to a single vector, as a layer of BERT has it: ``norm(s + W·value(v))``."""

    def __init__(self, config: Any, vector_dimension: int) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.value = nn.Linear(vector_dimension, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropped_heads = nn.Dropout(config.attention_probs_dropout_prob)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, states_BTD: Tensor, vectors_BX: Tensor) -> Tensor:
        """The states (B×T×D) with what each head says of the vector."""
        values_BAK = self.value(vectors_BX).view(len(vectors_BX), self.heads, -1)
        output_DAK = self.output.weight.view(len(self.output.weight), self.heads, -1)
        said_BAD = torch.einsum("bak,dak->bad", values_BAK, output_DAK)
        weights_BTA = states_BTD.new_ones(*states_BTD.shape[:2], self.heads)
        said_BTD = self.dropped_heads(weights_BTA) @ said_BAD + self.output.bias
        stated: Tensor = self.norm(states_BTD + self.dropout(said_BTD))
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
    """Tells a text, token by token, from its vector. Raises UnusableEncoder for layers that it
    does not know how to walk.
    """

    def __init__(self, encoder: SentenceEncoder) -> None:
        super().__init__()
        transformer: Any = encoder.transformer
        if not isinstance(transformer, KNOWN):
            known = ", ".join(kind.__name__ for kind in KNOWN)
            raise UnusableEncoder(
                f"a {type(transformer).__name__} cannot decode with its own layers; adaptation "
                f"knows {known}"
            )
        config = transformer.config
        self.transformer = transformer
        self.crossings = nn.ModuleList(
            OneVector(config, dimension(encoder)) for _ in transformer.encoder.layer
        )
        activation = transformer.encoder.layer[0].intermediate.intermediate_act_fn
        self.head = Head(config, activation)
        for new in (self.crossings, self.head):
            _begin(new, config.initializer_range)

    @property
    def table(self) -> Tensor:
        """The embedding table (V×D), which is the head's, too."""
        weight: Tensor = self.transformer.embeddings.word_embeddings.weight
        return weight

    def states(self, vectors_BX: Tensor, ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """The last layer's states (B×T×D), each from the vector and the tokens up to its own.

        Padding stands on the right, where no token looks.
        """
        extra = further_inputs(self.transformer, mask_BT)
        states_BTD: Tensor = self.transformer.embeddings(input_ids=ids_BT, **extra)
        later_TT = _hides_what_comes_later(ids_BT.shape[1], states_BTD)
        for layer, crossing in zip(self.transformer.encoder.layer, self.crossings, strict=True):
            states_BTD = layer.attention(states_BTD, later_TT)[0]
            states_BTD = crossing(states_BTD, vectors_BX)
            states_BTD = layer.output(layer.intermediate(states_BTD), states_BTD)
        return states_BTD

    def forward(self, vectors_BX: Tensor, ids_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
        """The state before each token that is to be told (N×D), and the tokens (N).

        All but each text's first are told; each is told from those that truly stand before it.
        """
        states_BTD = self.states(vectors_BX, ids_BT[:, :-1], mask_BT[:, :-1])
        told_BT = mask_BT[:, 1:] == 1
        return states_BTD[told_BT], ids_BT[:, 1:][told_BT]

    def loss(self, states_ND: Tensor, wanted_N: Tensor) -> Tensor:
        """The mean cross-entropy of the wanted tokens."""
        return token_loss(self.head(states_ND), self.table, self.head.bias, wanted_N)


class Autoencoder(nn.Module):
    """Encoder and decoder. What they share counts once among the parameters."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = Decoder(encoder)
        transformer: Any = encoder.transformer
        transformer.set_attn_implementation("sdpa")
        # The head's gradient of the table is dense anyway: a look-up's few rows are added to it.
        transformer.embeddings.word_embeddings.sparse = True

    def forward(self, buckets: Sequence[Bucket]) -> Tensor:
        """The mean loss over all tokens that the buckets tell."""
        parts = [
            self.decoder(self.encoder(b.read_BT, b.read_mask_BT), b.told_BT, b.told_mask_BT)
            for b in buckets
        ]
        states, wanted = zip(*parts, strict=True)
        return self.decoder.loss(torch.cat(states), torch.cat(wanted))


def _begin(new: nn.Module, deviation: float) -> None:
    """Fresh weights, as BERT's own begin."""
    for part in new.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=deviation)
            nn.init.zeros_(part.bias)


def _hides_what_comes_later(length: int, states_BTD: Tensor) -> Tensor:
    """What is added to attention's logits (1×1×T×T)."""
    lowest = torch.finfo(states_BTD.dtype).min
    return states_BTD.new_full((1, 1, length, length), lowest).triu(1)

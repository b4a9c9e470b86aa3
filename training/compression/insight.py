"""What goes on inside a recommender: the states and attention maps of every layer.

Shapes: U distinct news, B texts of a bucket, T tokens, A heads, D dimensions, C candidates.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.compression.teachers import answers_of
from training.data.features import Vocabularies
from training.encoders.sentence_encoder import further_inputs
from training.encoding import Bucket
from training.errors import BadRecipe
from training.examples import Batch
from training.models.build import build
from training.models.depth import depth
from training.models.recommender import Recommender
from training.models.text import TextEncoder, Tokens, never_empty
from training.models.users.encoder import OneVector
from training.recipe import Recipe
from training.run import Logs


@dataclass(frozen=True, eq=False)
class Inside:
    """Of a bucket of titles: its mask, the states that the embeddings and each layer give
    (B×T×D), and each layer's attention (B×A×T×T).
    """

    mask_BT: Tensor
    states: tuple[Tensor, ...]
    attention: tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Insight:
    """A recommender's scores of a batch (B×C), as losses take them, and what went on before."""

    scores_BC: Tensor
    buckets: list[Inside]


def insight(recommender: Recommender, batch: Batch, temperature: float = 1.0) -> Insight:
    """Read a batch's titles, keeping all that lies between; scores are divided by
    ``temperature``, as the recipe divides them.
    """
    text, users = title_encoder(recommender), recommender.users
    assert isinstance(users, OneVector)
    buckets = batch.news.buckets["title"]
    read = [_read(text, bucket) for bucket in buckets]
    order = torch.cat([bucket.places_B for bucket in buckets])
    news_UD = torch.cat([vectors for vectors, _ in read])[torch.argsort(order)]
    scores_BC = answers_of(users, news_UD, batch).scores_BC / temperature
    return Insight(scores_BC, [inside for _, inside in read])


def title_encoder(recommender: Recommender) -> TextEncoder:
    """The one text encoder of a recommender that reads titles alone."""
    ((_, text),) = recommender.news.text_encoders()
    return text


def transformer_of(recommender: Recommender) -> Any:
    """Its transformer, all of whose layers learn or learned."""
    trained = title_encoder(recommender).trained
    assert isinstance(trained, Tokens)
    return trained.transformer


def fresh(recipe: Recipe, logs: Logs) -> Recommender:
    """A recommender as a run of the recipe would begin. Raises BadRecipe, UnusableEncoder."""
    return build(recipe, [], Vocabularies.of(logs.training.news), 0)[0]


def check_alike(student: nn.Module, teacher: nn.Module) -> None:
    """Raises BadRecipe unless the transformers can be compared layer by layer."""
    mine, theirs = depth(student), depth(teacher)
    if mine > theirs:
        raise BadRecipe(f"a student of {mine} layers is deeper than its teacher of {theirs}")
    for name, what in (("vocab_size", "pieces"), ("num_attention_heads", "heads")):
        ours, other = (getattr(one.config, name, None) for one in (student, teacher))
        if ours != other:
            raise BadRecipe(f"a student of {ours} {what} has a teacher of {other}")


def _read(text: TextEncoder, bucket: Bucket) -> tuple[Tensor, Inside]:
    assert isinstance(text.trained, Tokens)
    transformer, mask_BT = text.trained.transformer, never_empty(bucket.mask_BT)
    given = transformer(
        input_ids=bucket.kept,
        attention_mask=mask_BT,
        output_hidden_states=True,
        output_attentions=True,
        **further_inputs(transformer, mask_BT),
    )
    vectors_BD: Tensor = text.tail(text.pool(given.last_hidden_state, mask_BT))
    return vectors_BD, Inside(mask_BT, given.hidden_states, given.attentions)

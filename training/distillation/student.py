"""The student, cut out of its teacher: some pieces, some layers, some neurons.

What remains are the teacher's own weights. Of a layer's feed-forward neurons those stay that
move its output most over some texts: the mean square of a neuron's activation times the square
of the weights that read it. The embedding table does not learn: a piece that the training texts
lack keeps its place among the others, and the table stays on the teacher's grid.

Shapes: P pieces, T tokens, B batch, D dimensions, F feed-forward neurons.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertModel

from training.distillation.settings import Student
from training.encoders.sentence_encoder import SentenceEncoder
from training.errors import UnusableEncoder

Batch = tuple[Tensor, Tensor]
"""Token ids and their mask."""
Bert = Any
"""A BertModel, or a layer of one: transformers does not say of what types its parts are."""


def cut(
    teacher: SentenceEncoder,
    kept: Sequence[int],
    settings: Student,
    dimension: int,
    texts: Sequence[Batch],
) -> SentenceEncoder:
    """The student, pooling by mean, with a linear layer behind it to so many dimensions, which is
    still the identity.

    ``kept`` are the pieces' ids in the teacher's vocabulary, ``texts`` in the teacher's ids.
    Raises UnusableEncoder if the teacher is no BERT, or has too few layers, neurons, positions
    or pieces.
    """
    source: Bert = teacher.transformer
    _check(source, kept, settings)
    importance = _importance(source, settings.layers, texts)
    config = type(source.config).from_dict(source.config.to_dict())
    config.vocab_size = len(kept)
    config.num_hidden_layers = len(settings.layers)
    config.intermediate_size = settings.feed_forward
    config.max_position_embeddings = settings.positions
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.pad_token_id = 0
    student: Bert = BertModel(config, add_pooling_layer=False)
    student.set_attn_implementation("sdpa")
    with torch.no_grad():
        _take_embeddings(student, source, kept, settings.positions)
        for layer, number in zip(student.encoder.layer, settings.layers, strict=True):
            neurons = importance[number].topk(settings.feed_forward).indices.sort().values
            _take_layer(layer, source.encoder.layer[number], neurons)
    student.embeddings.word_embeddings.weight.requires_grad_(False)
    head = nn.Linear(config.hidden_size, dimension)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return SentenceEncoder(student, "mean", [head])


def _check(source: Bert, kept: Sequence[int], settings: Student) -> None:
    if not isinstance(source, BertModel):
        raise UnusableEncoder(f"a student can be cut out of a BERT, not of {type(source).__name__}")
    config = source.config
    if settings.layers[-1] >= config.num_hidden_layers:
        raise UnusableEncoder(f"the teacher has {config.num_hidden_layers} layers, from 0 on")
    if settings.feed_forward > config.intermediate_size:
        raise UnusableEncoder(f"the teacher has {config.intermediate_size} neurons in a layer")
    if settings.positions > config.max_position_embeddings:
        raise UnusableEncoder(f"the teacher has {config.max_position_embeddings} positions")
    if max(kept) >= config.vocab_size:
        raise UnusableEncoder(f"the teacher has vectors of {config.vocab_size} pieces alone")


def _take_embeddings(student: Bert, source: Bert, kept: Sequence[int], positions: int) -> None:
    mine, theirs = student.embeddings, source.embeddings
    mine.word_embeddings.weight.copy_(theirs.word_embeddings.weight[torch.tensor(list(kept))])
    mine.position_embeddings.weight.copy_(theirs.position_embeddings.weight[:positions])
    mine.token_type_embeddings.load_state_dict(theirs.token_type_embeddings.state_dict())
    mine.LayerNorm.load_state_dict(theirs.LayerNorm.state_dict())


def _take_layer(layer: Bert, source: Bert, neurons_F: Tensor) -> None:
    """A layer's weights, of the feed-forward part those of ``neurons_F`` alone."""
    layer.attention.load_state_dict(source.attention.state_dict())
    up, down = layer.intermediate.dense, layer.output.dense
    up.weight.copy_(source.intermediate.dense.weight[neurons_F])
    up.bias.copy_(source.intermediate.dense.bias[neurons_F])
    down.weight.copy_(source.output.dense.weight[:, neurons_F])
    down.bias.copy_(source.output.dense.bias)
    layer.output.LayerNorm.load_state_dict(source.output.LayerNorm.state_dict())


def _importance(source: Bert, layers: Sequence[int], texts: Sequence[Batch]) -> dict[int, Tensor]:
    """Of each of the layers, how much each neuron (F,) moves its output."""
    squares: dict[int, list[Tensor]] = {number: [] for number in layers}
    with _watched(source, squares), torch.inference_mode():
        for ids, mask in texts:
            source(input_ids=ids, attention_mask=mask)
    return {
        number: torch.stack(seen).mean(dim=0)
        * source.encoder.layer[number].output.dense.weight.detach().square().sum(dim=0)
        for number, seen in squares.items()
    }


@contextmanager
def _watched(source: Bert, squares: dict[int, list[Tensor]]) -> Iterator[None]:
    """While the block runs, each batch leaves its activations' mean squares in ``squares``."""

    def watch(number: int) -> Any:
        def hook(module: nn.Module, given: Any, activations_BTF: Tensor) -> None:
            squares[number].append(activations_BTF.square().mean(dim=(0, 1)))

        return source.encoder.layer[number].intermediate.register_forward_hook(hook)

    hooks = [watch(number) for number in squares]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()

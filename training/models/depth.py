"""A transformer in two: the layers that stay as they are, and those above that are trained.

Freezing layers pays only if nothing below them learns either: the embeddings stay with the lowest
layers, so that no step walks down there.
"""

import copy
from typing import Any, Final

import torch
from torch import Tensor, nn

from training.encoders.sentence_encoder import further_inputs
from training.errors import UnusableEncoder

LAYERS: Final = ("encoder.layer", "transformer.layer", "layers")
"""Where BERT, RoBERTa, XLM-RoBERTa, DistilBERT, Llama, Qwen and their kin keep their layers."""
LAST_STEPS: Final = ("norm", "final_norm")
"""What a causal model, or a ModernBERT, does behind its layers; it belongs to the top."""
FEW: Final = 5
"""Tokens that the parts are compared over."""


def depth(transformer: nn.Module) -> int:
    """How many layers there are. Raises UnusableEncoder where they cannot be found."""
    return len(layers_of(transformer))


def check_depth(transformer: nn.Module, trained: int) -> None:
    """Raises UnusableEncoder for more layers than there are."""
    layers = depth(transformer)
    if not 0 <= trained <= layers:
        raise UnusableEncoder(f"{trained} layers cannot be trained: the encoder has {layers}")


def split(transformer: nn.Module, trained: int) -> tuple[nn.Module, nn.Module]:
    """The embeddings with the lower layers, and the ``trained`` layers at the top.

    The parts share the weights with the whole. ``upper(inputs_embeds=lower(...), ...)`` is what
    the whole gives. Raises UnusableEncoder for more layers than there are, and for an architecture
    whose layers cannot be told apart.
    """
    check_depth(transformer, trained)
    layers = layers_of(transformer)
    kept = len(layers) - trained
    lower = _with_layers(transformer, range(kept))
    upper = _with_layers(transformer, range(kept, len(layers)))
    if hasattr(upper, "embeddings"):
        upper.embeddings = Given()
    for norm in LAST_STEPS:
        if hasattr(lower, norm):
            setattr(lower, norm, nn.Identity())
    _check(transformer, lower, upper)
    return lower, upper


@torch.no_grad()
def _check(whole: nn.Module, lower: nn.Module, upper: nn.Module) -> None:
    """Raises UnusableEncoder unless the parts, one after the other, do what the whole does."""
    training = whole.training
    given = {"attention_mask": torch.ones(2, FEW, dtype=torch.int64)}
    ids_BT = torch.arange(1, 2 * FEW + 1).view(2, FEW)
    extra = further_inputs(whole, given["attention_mask"])
    for part in (whole, lower, upper):
        part.eval()
    try:
        expected = whole(input_ids=ids_BT, **given, **extra).last_hidden_state
        states = lower(input_ids=ids_BT, **given, **extra).last_hidden_state
        found = upper(inputs_embeds=states, **given).last_hidden_state
        same = torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))
    except Exception as error:
        raise _unknown(whole) from error
    finally:
        for part in (whole, lower, upper):
            part.train(training)
    if not same:
        raise _unknown(whole)


def _unknown(whole: nn.Module) -> UnusableEncoder:
    return UnusableEncoder(
        f"a {type(whole).__name__} cannot be split by its layers: train all of it, or none"
    )


class Given(nn.Module):
    """In the place of embeddings: states that are there already."""

    def forward(self, *args: Any, inputs_embeds: Tensor | None = None, **kwargs: Any) -> Tensor:
        """The states, as they were given: by name, or, as DistilBERT does, by place."""
        given: Tensor = next(part for part in (inputs_embeds, *args) if part is not None)
        return given


def layers_of(transformer: nn.Module) -> nn.ModuleList:
    """The layers, from the lowest on. Raises UnusableEncoder where they cannot be found."""
    for path in LAYERS:
        found = _at(transformer, path)
        if isinstance(found, nn.ModuleList):
            return found
    raise UnusableEncoder(
        f"the layers of a {type(transformer).__name__} are not where they are known to be "
        f"({', '.join(LAYERS)}); train all of it, or none"
    )


def _at(module: nn.Module, path: str) -> object:
    found: object = module
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def _with_layers(transformer: nn.Module, places: range) -> nn.Module:
    """The transformer with some of its layers in the same frame; modules are shared, not copied."""
    layers = layers_of(transformer)[places.start : places.stop]
    path = next(path for path in LAYERS if isinstance(_at(transformer, path), nn.ModuleList))
    whole = _frame(transformer)
    holder = whole
    for name in path.split(".")[:-1]:
        inner = _frame(getattr(holder, name))
        setattr(holder, name, inner)
        holder = inner
    setattr(holder, path.rpartition(".")[2], layers)
    config = copy.copy(whole.config)
    config.num_hidden_layers = len(layers)
    config.use_cache = False  # layers look for their place in the cache by their old number
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[places.start : places.stop]
    whole.config = config
    part: nn.Module = whole
    return part


def _frame(module: nn.Module) -> Any:
    framed = copy.copy(module)
    framed._modules = dict(module._modules)
    return framed

"""What is known of the encoders before any row is made: enough to say what cannot be trained."""

from dataclasses import dataclass
from typing import Final

from torch import nn

from training.encoders.folder import EncoderFolder, read_folder
from training.encoders.huggingface import is_causal, load_tokenizer, outlined
from training.errors import BadRecipe, UnusableEncoder
from training.models.build import adapted_layers
from training.models.depth import depth, layers_of
from training.studies.lm_grid.settings import Architecture, Encoder, LmGridSettings

WORDS: Final = "words"
"""The name of the static vectors, which no encoder may have."""
PUBLISHED_BEST: Final[dict[Architecture, int]] = {"naml": 10, "nrms": 6, "lstur": 4}
"""About how many fine-tuned layers the paper found best, of PUBLISHED_LAYERS."""
PUBLISHED_LAYERS: Final = 12


@dataclass(frozen=True)
class Known:
    """An encoder, without its weights."""

    name: str
    settings: Encoder
    folder: EncoderFolder
    causal: bool
    layers: int
    parameters: int
    in_layers: int
    """Of the parameters those of the layers: without the table of word pieces, which is most of a
    small encoder of many languages."""
    prompt_tokens: int
    """That a causal model's prompt takes beside the text; 0 for the others."""

    @property
    def prefix(self) -> str:
        """What stands before every text."""
        stated = self.settings.prefix
        return self.folder.prefix if stated is None else stated

    def best_depth(self, architecture: Architecture) -> int:
        """The share of its layers that the paper found best, at least one layer."""
        return max(1, round(self.layers * PUBLISHED_BEST[architecture] / PUBLISHED_LAYERS))


def known_encoders(settings: LmGridSettings) -> tuple[Known, ...]:
    """All of them, in the order that they were named in.

    Raises BadRecipe for none, for a name that is taken, for depths that an encoder has not, and for
    adapters that match no layer; UnusableEncoder for a folder that no recipe takes.
    """
    if not settings.encoders:
        raise BadRecipe("encoders: say --set encoders.NAME=FOLDER, a Hugging Face folder")
    if WORDS in settings.encoders:
        raise BadRecipe(f"encoders.{WORDS}: that is what the static vectors are called")
    found = tuple(_known(name, encoder, settings) for name, encoder in settings.encoders.items())
    _check_sweep(settings, found)
    return found


def swept(settings: LmGridSettings, known: tuple[Known, ...]) -> Known | None:
    """The encoder of the depth sweep; None where all are causal."""
    others = [one for one in known if not one.causal]
    if settings.sweep.encoder is None:
        return others[0] if others else None
    return {one.name: one for one in others}[settings.sweep.encoder]


def swept_depths(settings: LmGridSettings, encoder: Known) -> tuple[int, ...]:
    """How many layers learn, from none to all."""
    if settings.sweep.depths is not None:
        return tuple(sorted({0, *settings.sweep.depths}))
    return tuple(sorted({*range(0, encoder.layers + 1, 2), encoder.layers}))


def tuned_depth(settings: LmGridSettings, encoder: Known, architecture: Architecture) -> int:
    """How many layers learn where the encoder is fine-tuned."""
    return settings.learning.layers or encoder.best_depth(architecture)


def _known(name: str, encoder: Encoder, settings: LmGridSettings) -> Known:
    folder = read_folder(encoder.folder)
    if folder.dense:
        raise UnusableEncoder(
            f"{encoder.folder} has a linear layer after pooling, which no recipe takes"
        )
    outline, causal = outlined(folder), is_causal(folder)
    layers, two_step = depth(outline), settings.two_step
    if causal:
        adapted_layers(outline, two_step.lora)
        _check_depth("two_step.layers", two_step.layers, name, layers)
    else:
        _check_depth("learning.layers", settings.learning.layers, name, layers)
    return Known(
        name=name,
        settings=encoder,
        folder=folder,
        causal=causal,
        layers=layers,
        parameters=_count(outline),
        in_layers=_count(layers_of(outline)),
        prompt_tokens=_prompt_tokens(encoder, folder) if causal else 0,
    )


def _count(module: nn.Module) -> int:
    return sum(weights.numel() for weights in module.parameters())


def _prompt_tokens(encoder: Encoder, folder: EncoderFolder) -> int:
    return len(load_tokenizer(folder).encode(encoder.prompt.replace("{text}", "")).ids)


def _check_sweep(settings: LmGridSettings, known: tuple[Known, ...]) -> None:
    names = [one.name for one in known if not one.causal]
    named = settings.sweep.encoder
    if named is not None and named not in names:
        raise BadRecipe(f"sweep.encoder: {named} is none of {', '.join(names) or 'no encoders'}")
    encoder = swept(settings, known)
    if encoder is not None:
        for wanted in settings.sweep.depths or ():
            _check_depth("sweep.depths", wanted, encoder.name, encoder.layers)


def _check_depth(setting: str, wanted: int | None, name: str, layers: int) -> None:
    if wanted is not None and not 0 <= wanted <= layers:
        raise BadRecipe(f"{setting}: {wanted} layers cannot be trained: {name} has {layers}")

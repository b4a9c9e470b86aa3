"""``newsstand-train export``: any Hugging Face encoder folder as an artefact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_store.artefact import Artefact
from model_store.manifest import Attribution, Lineage, Text
from training.data.texts import check_template
from training.encoders.folder import EncoderFolder, read_folder
from training.encoders.huggingface import (
    default_pooling,
    dimension,
    load_encoder,
    load_tokenizer,
    most_tokens,
)
from training.encoders.kinds import Pooling
from training.encoders.sentence_encoder import SentenceEncoder
from training.errors import UnusableEncoder
from training.export.artefact import export_artefact
from training.export.card import NOT_STATED
from training.export.centring_texts import ENOUGH_TEXTS, chosen, read_sources
from training.export.precisions import INT8, Roundings
from training.export.trained_encoder import Provenance, TrainedEncoder
from training.progress import working

MAX_TOKENS: Final = 64
"""Where nobody says: room for a title of any language."""


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for; None means: as the folder states it, else the default."""

    template: str = "{title}"
    prefix: str | None = None
    pooling: Pooling | None = None
    max_tokens: int | None = None
    normalise: bool = True
    centring_texts: tuple[Path, ...] = ()
    centring_limit: int = ENOUGH_TEXTS
    languages: tuple[str, ...] | None = None
    weights: str | None = None
    weights_license: str | None = None
    texts: str | None = None
    texts_license: str = ""


def export_folder(
    path: Path,
    store: Path,
    name: str,
    wishes: Wishes | None = None,
    *,
    roundings: Roundings = INT8,
) -> Artefact:
    """Write the encoder in the folder as the next version of ``name``.

    Raises UnusableEncoder, BadTemplate, UnreadableData, and whatever ``export_artefact`` raises.
    """
    wishes = wishes or Wishes()
    folder = read_folder(path)
    template = _template(folder, wishes)
    sources = read_sources(wishes.centring_texts, template)
    centring = chosen(sources, wishes.centring_limit) if sources else []
    with working(f"Loading {path}"):
        encoder = _trained_encoder(folder, wishes, template)
    lineage = Lineage(
        recipe="export",
        settings={"encoder": path.resolve().name, "centring_texts": len(centring)},
        data={source: len(texts) for source, texts in sources.items()},
    )
    languages = folder.languages if wishes.languages is None else wishes.languages
    provenance = Provenance(lineage, _attribution(folder, wishes, sources), languages)
    return export_artefact(
        encoder, provenance, store, name, representative=centring, roundings=roundings
    )


def _template(folder: EncoderFolder, wishes: Wishes) -> str:
    """The template with the prefix in front, checked. Raises BadTemplate."""
    prefix = folder.prefix if wishes.prefix is None else wishes.prefix
    template = prefix.replace("{", "{{").replace("}", "}}") + wishes.template
    check_template(template)
    return template


def _trained_encoder(folder: EncoderFolder, wishes: Wishes, template: str) -> TrainedEncoder:
    pooling = wishes.pooling or folder.pooling or default_pooling(folder)
    encoder = load_encoder(folder, pooling)
    return TrainedEncoder(
        module=encoder,
        tokenizer=load_tokenizer(folder),
        text=Text(template=template, max_tokens=_max_tokens(folder, wishes, encoder)),
        pooling=pooling,
        dimension=dimension(encoder),
        normalised=wishes.normalise,
    )


def _max_tokens(folder: EncoderFolder, wishes: Wishes, encoder: SentenceEncoder) -> int:
    wished = wishes.max_tokens or folder.max_tokens or MAX_TOKENS
    most = most_tokens(encoder)
    if most is None or wished <= most:
        return wished
    if wishes.max_tokens is None:
        return most
    raise UnusableEncoder(f"{folder.path} reads at most {most} tokens, not {wished}")


def _attribution(
    folder: EncoderFolder, wishes: Wishes, sources: Mapping[str, Sequence[str]]
) -> Attribution:
    return Attribution(
        weights=wishes.weights or folder.path.resolve().name,
        weights_license=wishes.weights_license or folder.license or NOT_STATED,
        texts=wishes.texts or ", ".join(sources),
        texts_license=wishes.texts_license,
    )

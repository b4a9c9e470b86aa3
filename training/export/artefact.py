"""A trained encoder as a new version in a model store."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from model_store import layout
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import ArtefactName, Precision
from model_store.tokens import Tokenising, read_tokenizer
from model_store.writer import Description, Signature, write_artefact
from training.errors import NotWritable
from training.export.card import render_card
from training.export.centring import centre_file
from training.export.graph import OUTPUT, NewsVectors
from training.export.precisions import INT8, Roundings, measure_files, parity_news, write_files
from training.export.trained_encoder import Provenance, TrainedEncoder
from training.export.user_graph import write_users


def export_artefact(
    encoder: TrainedEncoder,
    provenance: Provenance,
    store: Path,
    name: str,
    *,
    representative: Sequence[NewsInputs] = (),
    centring: bool = True,
    roundings: Roundings = INT8,
    kept: Sequence[Precision] | None = None,
) -> Artefact:
    """Write the next version of ``name`` into ``store``, in fp32 and what ``roundings`` make;
    of these only what is ``kept``, where that is said.

    ``representative`` are news of the kind that will be served. Parity with torch is measured over
    them (``parity_news``); with ``centring`` each precision then subtracts its own mean vector of
    them.

    Raises NotWritable, ExportFailed, and ParityRefused for vectors that are too far from
    torch's or that change with their batch mates or padding; no version appears then.
    """
    check_writable(store, name)
    build = partial(
        _build,
        name=name,
        encoder=encoder,
        provenance=provenance,
        representative=representative,
        centring=centring and bool(representative),
        roundings=roundings,
        kept=kept,
    )
    try:
        return write_artefact(store, name, build)
    except OSError as error:
        raise NotWritable(f"{store} cannot be written: {error.strerror}") from error


def _build(
    staging: Path,
    name: str,
    encoder: TrainedEncoder,
    provenance: Provenance,
    representative: Sequence[NewsInputs],
    centring: bool,
    roundings: Roundings,
    kept: Sequence[Precision] | None,
) -> tuple[Description, dict[str, Signature]]:
    """Fill the staging folder and describe what lies in it."""
    encoder.tokenizer.save(str(staging / layout.TOKENIZER), pretty=False)
    tokenise = _tokenising(staging, encoder)
    tokens = tokenise(parity_news(encoder.text.template, representative))
    vectors = NewsVectors(
        encoder.module, encoder.dimension, normalised=encoder.normalised, inputs=encoder.inputs
    )
    files = write_files(staging, vectors, tokens, roundings)
    parity = measure_files(files, vectors, tokens)
    for precision in files.keys() - (files if kept is None else kept):
        files.pop(precision).unlink()
        del parity[precision]
    if centring:
        tokens = tokenise(representative)
        for path in files.values():
            centre_file(path, tokens, normalised=encoder.normalised)
    signatures: dict[str, Signature] = {
        path.name: (encoder.inputs, (OUTPUT,)) for path in files.values()
    }
    if encoder.users is not None:
        signatures[layout.USER_ENCODER] = write_users(encoder.users, encoder.dimension, staging)
    centred = len(representative) if centring else 0
    card = render_card(name, encoder, provenance, parity, centring=centred)
    (staging / layout.CARD).write_text(card, encoding="utf-8")
    description: Description = {
        "text": encoder.text,
        "abstract": encoder.abstract,
        "categories": encoder.categories,
        "subcategories": encoder.subcategories,
        "pooling": encoder.pooling,
        "dimension": encoder.dimension,
        "normalised": encoder.normalised,
        "parity": parity,
        "lineage": provenance.lineage,
        "attribution": provenance.attribution,
        "languages": provenance.languages,
        "scoring": provenance.scoring,
    }
    return description, signatures


def _tokenising(staging: Path, encoder: TrainedEncoder) -> Tokenising:
    path, abstract = staging / layout.TOKENIZER, encoder.abstract
    return Tokenising(
        read_tokenizer(path, encoder.text.max_tokens),
        None if abstract is None else read_tokenizer(path, abstract.max_tokens),
    )


def check_writable(store: Path, name: str) -> None:
    """Before the work, not after it. Raises NotWritable."""
    try:
        TypeAdapter(ArtefactName).validate_python(name)
    except ValidationError as error:
        raise NotWritable(
            f"{name!r} cannot be an artefact's name: lower-case letters, digits and . _ - only"
        ) from error
    try:
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=store):
            pass
    except OSError as error:
        raise NotWritable(f"{store} cannot be written: {error.strerror}") from error

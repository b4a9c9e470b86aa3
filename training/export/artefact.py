"""A trained encoder as a new version in a model store."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from model_store import layout
from model_store.artefact import Artefact
from model_store.manifest import ArtefactName
from model_store.news_encoder import read_tokenizer
from model_store.writer import Description, Signature, write_artefact
from training.errors import NotWritable
from training.export import int8
from training.export.card import render_card
from training.export.centring import centre_file
from training.export.graph import INPUTS, OUTPUT, NewsVectors
from training.export.precisions import Quantise, measure_files, parity_texts, write_files
from training.export.trained_encoder import Provenance, TrainedEncoder


def export_artefact(
    encoder: TrainedEncoder,
    provenance: Provenance,
    store: Path,
    name: str,
    *,
    centring_texts: Sequence[str] = (),
    quantise: Quantise | None = int8.quantise,
) -> Artefact:
    """Write the next version of ``name`` into ``store``, in fp32 and, unless None, in int8.

    With centring texts each precision subtracts its own mean vector over them. Parity with torch
    is measured before that, over the same texts (``parity_texts``).

    Raises NotWritable, ExportFailed, and ParityRefused for vectors that are too far from
    torch's or that change with their batch mates or padding; no version appears then.
    """
    _check_writable(store, name)
    build = partial(
        _build,
        name=name,
        encoder=encoder,
        provenance=provenance,
        centring_texts=centring_texts,
        quantise=quantise,
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
    centring_texts: Sequence[str],
    quantise: Quantise | None,
) -> tuple[Description, dict[str, Signature]]:
    """Fill the staging folder and describe what lies in it."""
    encoder.tokenizer.save(str(staging / layout.TOKENIZER))
    tokenizer = read_tokenizer(staging / layout.TOKENIZER, encoder.text.max_tokens)
    texts = tokenizer.encode_batch(parity_texts(encoder.text.template, centring_texts))
    vectors = NewsVectors(encoder.module, encoder.dimension, normalised=encoder.normalised)
    files = write_files(staging, vectors, texts, quantise)
    parity = measure_files(files, vectors, texts)
    if centring_texts:
        centring = tokenizer.encode_batch(list(centring_texts))
        for path in files.values():
            centre_file(path, centring, normalised=encoder.normalised)
    card = render_card(name, encoder, provenance, parity, centring=len(centring_texts))
    (staging / layout.CARD).write_text(card, encoding="utf-8")
    description: Description = {
        "text": encoder.text,
        "pooling": encoder.pooling,
        "dimension": encoder.dimension,
        "normalised": encoder.normalised,
        "parity": parity,
        "lineage": provenance.lineage,
        "attribution": provenance.attribution,
        "languages": provenance.languages,
        "scoring": provenance.scoring,
    }
    return description, {path.name: (INPUTS, (OUTPUT,)) for path in files.values()}


def _check_writable(store: Path, name: str) -> None:
    """Before the work, not after it."""
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

"""What the teachers say of each passage.

A teacher is asked through ONNX Runtime in int8, which is several times as fast as torch and within
a cosine of 0.001 of it. Its answers are kept in a file that bears the digest of what was asked.

Shapes: N passages, D dimensions.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.layout import news_encoder
from model_store.store import ModelStore
from model_store.text import render
from model_store.tokens import Tokenising
from training.export.from_folder import Wishes, export_folder
from training.export.vectors import encode, in_onnx

Float16 = NDArray[np.float16]


def teacher(folder: Path, store: Path, name: str, prefix: str | None = None) -> Artefact:
    """The encoder in a folder as an artefact whose vectors are as it pools them.

    It is made in ``store`` unless it is there already, under the digest of what it is made of.
    Raises what ``export_folder`` raises.
    """
    place = store / _digest_of_files(folder, prefix)
    made = ModelStore((place,))
    if made.versions(name):
        return made.load(f"{name}@1")
    return export_folder(folder, place, name, Wishes(prefix=prefix, normalise=False))


def label(artefact: Artefact, texts: Sequence[str], folder: Path) -> Float16:
    """The teacher's vectors (N×D) of the texts, from ``folder`` if they are there."""
    path = folder / f"{artefact.manifest.name}-{_digest(artefact, texts)}.npy"
    if path.is_file():
        return np.asarray(np.load(path), np.float16)
    template = artefact.manifest.text.template
    tokens = Tokenising.of(artefact)(
        [NewsInputs(render(template, {"title": text})) for text in texts]
    )
    run = in_onnx(artefact.path(news_encoder("int8")))
    vectors_ND = encode(run, tokens, f"Asking {artefact.manifest.name}").astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npy")
    np.save(unfinished, vectors_ND)
    unfinished.rename(path)
    return vectors_ND


def _digest_of_files(folder: Path, prefix: str | None) -> str:
    made_of = hashlib.sha256(f"{prefix!r}".encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        made_of.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            made_of.update(hashlib.file_digest(file, "sha256").digest())
    return made_of.hexdigest()[:16]


def _digest(artefact: Artefact, texts: Sequence[str]) -> str:
    asked = hashlib.sha256(artefact.manifest.model_dump_json().encode())
    for text in texts:
        asked.update(text.encode())
        asked.update(b"\0")
    return asked.hexdigest()[:16]

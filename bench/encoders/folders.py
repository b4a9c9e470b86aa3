"""What contenders are given to load: an artefact of fp32 alone, a peer's Hugging Face folder."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from bench.encoders.infinity import OFFLINE
from model_store import layout
from model_store.artefact import Artefact

MODULES = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}


def fp32_alone(artefact: Artefact, store: Path) -> Path:
    """A store whose only artefact is this one without its other precisions; its folder.

    Raises SystemExit where it has no fp32, as the shipped one.
    """
    manifest = artefact.manifest
    if "fp32" not in manifest.parity:
        raise SystemExit(f"{manifest.reference} has no fp32: make minilm brings one that has")
    others = {layout.news_encoder(precision) for precision in manifest.parity} - {
        layout.news_encoder("fp32")
    }
    folder = store / manifest.name / str(manifest.version)
    folder.mkdir(parents=True)
    kept = {name: entry for name, entry in manifest.files.items() if name not in others}
    for name in kept:
        (folder / name).symlink_to(artefact.path(name).absolute())
    alone = manifest.model_copy(update={"files": kept, "parity": {"fp32": manifest.parity["fp32"]}})
    (folder / layout.MANIFEST).write_text(alone.model_dump_json())
    return folder


def for_peers(weights: Path, artefact: Artefact, folder: Path) -> Path:
    """The Hugging Face folder ``weights`` with what sentence-transformers wants to be told: mean
    pooling, length 1, and as many tokens as the artefact reads.
    """
    shutil.copytree(weights, folder)
    types = "sentence_transformers.models"
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"{types}.{module}"}
        for number, (path, module) in enumerate(MODULES.items())
    ]
    pooling = {
        "word_embedding_dimension": artefact.manifest.dimension,
        "pooling_mode_mean_tokens": True,
    }
    tokens = {"max_seq_length": artefact.manifest.text.max_tokens, "do_lower_case": False}
    _write(folder / "modules.json", modules)
    _write(folder / "1_Pooling" / "config.json", pooling)
    _write(folder / "2_Normalize" / "config.json", {})
    _write(folder / "sentence_bert_config.json", tokens)
    return folder


def with_onnx(folder: Path, python: Path, precision: str, target: Path) -> Path:
    """A copy of a peer's folder with an ONNX file beside the weights, made by infinity's Python."""
    shutil.copytree(folder, target)
    command = [str(python), "-m", "bench.encoders.infinity_onnx", str(target), precision]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **OFFLINE})
    return target


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))

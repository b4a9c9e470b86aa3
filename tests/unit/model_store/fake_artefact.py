"""A small artefact whose encoder is no ONNX file: nothing in these tests loads it."""

from pathlib import Path

from model_store import layout
from model_store.artefact import Artefact
from model_store.errors import AlreadyExists
from model_store.store import ModelStore
from model_store.writer import Description, Signature, write_artefact

NAME = "news"


def build(folder: Path) -> tuple[Description, dict[str, Signature]]:
    """Fill ``folder`` and describe what is in it, as ``write_artefact`` wants it."""
    encoder = layout.news_encoder("fp32")
    for name in (encoder, layout.TOKENIZER, layout.CARD):
        (folder / name).write_text(f"the content of {name}\n" * 20)
    description: Description = {
        "text": {"template": "{title}", "max_tokens": 32},
        "pooling": "mean",
        "dimension": 4,
        "normalised": True,
        "scoring": {"kind": "late_fusion"},
        "parity": {
            "fp32": {
                "max_absolute_difference": 0,
                "min_cosine": 1,
                "mean_cosine": 1,
                "low_cosine": 1,
                "texts": 1,
            }
        },
        "lineage": {"recipe": "test"},
        "attribution": {"weights": "us", "weights_license": "Apache-2.0"},
    }
    return description, {encoder: (("input_ids", "attention_mask"), ("news_vectors",))}


def write(store: Path) -> Artefact:
    """The next version of the artefact, written into ``store``."""
    return write_artefact(store, NAME, build)


def store_with(root: Path, versions: int) -> ModelStore:
    """A store at ``root`` that holds so many versions of the artefact."""
    for _ in range(versions):
        write(root)
    return ModelStore((root,))


def write_in_a_process(store: Path) -> int:
    """The version that was written; 0 where another process took its number."""
    try:
        return write(store).manifest.version
    except AlreadyExists:
        return 0

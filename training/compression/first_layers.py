"""A student as it begins: the first layers of a teacher, with all that stands before and behind."""

import shutil
from pathlib import Path
from typing import Any

from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder, save_transformer
from training.errors import BadRecipe
from training.models.depth import depth, split
from training.models.head import HEAD
from training.post_training.copies import TOWER


def first_layers(teacher: Path, layers: int, folder: Path) -> Path:
    """Write the first ``layers`` of a Hugging Face folder's transformer, its tokenizer, and where
    it has one its news head, as ``folder``; the teacher stays as it is.

    Raises BadRecipe for more layers than the teacher has, UnusableEncoder as ``depth.split`` does.
    """
    source = read_folder(teacher)
    transformer: Any = load_encoder(source, "mean").transformer
    there = depth(transformer)
    if not 1 <= layers <= there:
        raise BadRecipe(f"layers: a student cannot begin with {layers} of its teacher's {there}")
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler = None  # nothing reads it
    lower, _ = split(transformer, there - layers)
    staged = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    save_transformer(lower, source, staged)
    for name in (HEAD, TOWER):
        if (teacher / name).is_file():
            shutil.copyfile(teacher / name, staged / name)
    shutil.rmtree(folder, ignore_errors=True)
    return staged.rename(folder)

"""News encoders as Hugging Face folders, with what stands behind the transformer beside it."""

import json
import shutil
from pathlib import Path
from typing import Final

from training.encoders.folder import read_folder
from training.encoders.huggingface import save_transformer
from training.errors import BadRecipe
from training.models.head import save_head
from training.models.text import TextEncoder, Tokens
from training.post_training.settings import TitleTower

TOWER: Final = "news_tower.json"
"""How the encoder read its texts while it learned."""
COPIES: Final = "copies"


def save_encoder(encoder: TextEncoder, tokenizer_of: Path, folder: Path, tower: TitleTower) -> None:
    """Write the whole encoder as ``folder``, with the tokenizer of the folder it came from.

    What stood there is replaced once the new one is whole.
    """
    assert isinstance(encoder.trained, Tokens)
    staged = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    save_transformer(encoder.trained.transformer, read_folder(tokenizer_of), staged)
    save_head(encoder, staged)
    (staged / TOWER).write_text(tower.model_dump_json(indent=2), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    staged.rename(folder)


def check_tower(folder: Path, tower: TitleTower) -> None:
    """Raises BadRecipe unless the folder's encoder read its texts as ``tower`` says."""
    path = folder / TOWER
    if not path.is_file():
        raise BadRecipe(f"{folder} holds no post-trained news encoder: it has no {TOWER}")
    there = TitleTower.validated(json.loads(path.read_text(encoding="utf-8")))
    for name in ("title_tokens", "body_tokens"):
        theirs, ours = getattr(there, name), getattr(tower, name)
        if theirs != ours:
            raise BadRecipe(f"tower.{name}: {folder} learned with {theirs}, not {ours}")


def copy_at(work: Path, step: int) -> Path:
    """Where the copy of a step stands."""
    return work / COPIES / f"{step:07}"


def last_copies(work: Path, count: int) -> list[Path]:
    """The newest copies of a post-training, oldest first. Raises BadRecipe for too few."""
    there = sorted((work / COPIES).glob("[0-9]" * 7))
    if len(there) < count:
        raise BadRecipe(
            f"{work} holds {len(there)} copies of its encoder, not {count}: lower save_steps, or "
            "learn for longer"
        )
    return there[-count:]

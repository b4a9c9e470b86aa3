"""What a source is: texts of one origin under one licence."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.corpus.passage import Passage
from training.errors import UnreadableData


@dataclass(frozen=True)
class Source:
    """Texts of one origin."""

    name: str
    folder: str | None
    """Its folder's name among the corpora; None for what stands in this repository."""
    title: str
    """Whose texts these are, for the model card."""
    licence: str
    read: Callable[[Path], Iterator[Passage]]
    """All its passages, in a fixed order, from its folder."""


def folder_of(source: Source, roots: Sequence[Path]) -> Path:
    """Where the source lies: the first of ``roots`` that has its folder. Raises UnreadableData."""
    if source.folder is None:
        return Path()
    for root in roots:
        if (root / source.folder).is_dir():
            return root / source.folder
    places = ", ".join(str(root) for root in roots) or "any folder: none was named"
    raise UnreadableData(f"{source.name} is missing: no folder {source.folder} in {places}")


def text_of(path: Path, encoding: str = "utf-8") -> str:
    """What a text file holds. Raises UnreadableData if it cannot be read."""
    try:
        return path.read_text(encoding)
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableData(f"{path} is not {encoding} text") from error


def document_of(path: Path) -> Any:
    """What a JSON file holds. Raises UnreadableData if it cannot be read, or is none."""
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise UnreadableData(f"{path} is not JSON: {error}") from error

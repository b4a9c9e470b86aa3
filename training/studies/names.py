"""The studies that there are, by name: a room each, with its settings and how it is made up."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from training.errors import BadRecipe, UnreadableData
from training.recipe import Settings
from training.studies.study import Study

Scale = Literal["small", "full"]
NAMES: Final = ("lm-grid", "mtrec", "nase", "tiny-newsrec")
"""Each is a room here, dashes as underscores, that holds a ``STUDY``."""


@dataclass(frozen=True)
class Kind:
    """A paper's study before its data and settings are known."""

    settings: Callable[[Scale], Settings]
    """Those of a scale: ``small`` ends in minutes a row on two cores, ``full`` takes everything."""
    build: Callable[[Sequence[Path], Any, Scale], Study]
    """From the folders of the data, the settings, and their scale. Raises TrainingError for what
    can be known to be missing or wrong before anything is made."""


def find(name: str) -> Kind:
    """A study by its name. Raises BadRecipe."""
    if name not in NAMES:
        raise BadRecipe(f"there is no study {name!r}: {', '.join(NAMES)}")
    room = importlib.import_module(f"training.studies.{name.replace('-', '_')}")
    kind: Kind = room.STUDY
    return kind


def built(name: str, roots: Sequence[Path], changes: Sequence[str], scale: Scale) -> Study:
    """A study as it is called for on the command line. Raises TrainingError."""
    kind = find(name)
    return kind.build(roots, kind.settings(scale).changed(changes), scale)


def within(roots: Sequence[Path], name: str) -> Path:
    """The file or folder of that name in the first root that has it, or at that absolute path.

    Raises UnreadableData.
    """
    whole = [Path(name)] if Path(name).is_absolute() else []
    for place in (*(root / name for root in roots), *whole):
        if place.exists():
            return place
    places = ", ".join(str(root) for root in roots) or "any folder: none was named"
    raise UnreadableData(
        f"no {name} in {places}; say --data FOLDER, or --set its setting to an absolute path"
    )

"""What is compared: artefacts with the same news vectors, each of which scores in its own way."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_store import layout
from model_store.artefact import Artefact
from model_store.late_fusion import FusionName
from model_store.store import ModelStore

OTHER_FUSIONS: Final[tuple[FusionName, ...]] = ("recency", "max")


@dataclass(frozen=True)
class Kind:
    """One way to score, under an artefact of the store."""

    name: str
    model: str
    """``name@version``."""


def fused(shipped: Artefact, store: Path) -> list[Kind]:
    """The artefact, whose fusion is the mean, and once more for each of the others: the same files,
    another line in the manifest. One that stands there already is taken as it is.
    """
    others = [Kind(fusion, _with_fusion(shipped, store, fusion)) for fusion in OTHER_FUSIONS]
    return [Kind("mean", shipped.manifest.reference), *others]


def artefact_name(shipped: Artefact, kind: str) -> str:
    """Under which name the store holds the artefact when it scores in another way."""
    return f"{shipped.manifest.name}-{kind.lower()}"


def _with_fusion(shipped: Artefact, store: Path, fusion: FusionName) -> str:
    name = artefact_name(shipped, fusion)
    folder = store / name / "1"
    if not folder.exists():
        shutil.copytree(shipped.folder, folder)
        path = folder / layout.MANIFEST
        said = json.loads(path.read_text(encoding="utf-8"))
        said |= {"name": name, "version": 1, "scoring": said["scoring"] | {"fusion": fusion}}
        path.write_text(json.dumps(said), encoding="utf-8")
    return ModelStore.at(store).load(f"{name}@1").manifest.reference

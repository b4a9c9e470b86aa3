"""What a training run leaves in its folder, so that it can go on and be gone back to.

``checkpoint/`` holds all that resuming needs, ``best/`` the weights that validated best. Only what
learns is written: what is frozen is built anew from the recipe.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from accelerate import Accelerator, PartialState
from torch import Tensor, nn

from training.errors import BadRecipe

STATE: Final = "state.json"
WEIGHTS: Final = "weights.pt"
LAST: Final = "checkpoint"
BEST: Final = "best"


@dataclass(frozen=True)
class Progress:
    """How far a run has come. ``losses`` are the means of the epochs that ended; an epoch of a
    course is its term, and ``metrics`` begin there with what the model was worth before.
    """

    epoch: int = 0
    step: int = 0
    """Of the epoch."""
    loss_sum: float = 0.0
    losses: list[float] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)
    best: float | None = None
    bad_epochs: int = 0
    seconds: float = 0.0


class Checkpoints:
    """A folder's. A new checkpoint stands beside the last one until it is whole."""

    def __init__(self, folder: Path, accelerator: Accelerator, fingerprint: str) -> None:
        """``fingerprint`` tells runs apart that must not go on with each other's checkpoints."""
        self.folder, self.accelerator, self.fingerprint = folder, accelerator, fingerprint
        accelerator.register_save_state_pre_hook(_save_learned)
        accelerator.register_load_state_pre_hook(_load_learned)

    def save(self, progress: Progress) -> None:
        """Write all that resuming needs."""
        staged, folder = self.folder / f"{LAST}.part", self.folder / LAST
        self.accelerator.save_state(str(staged))
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            state = {"run": self.fingerprint, "progress": asdict(progress)}
            (staged / STATE).write_text(json.dumps(state), encoding="utf-8")
            older = self.folder / f"{LAST}.old"
            shutil.rmtree(older, ignore_errors=True)
            if folder.exists():
                folder.rename(older)
            staged.rename(folder)
            shutil.rmtree(older, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def resume(self) -> Progress | None:
        """Take up the last checkpoint, if there is one, and say how far it had come.

        Raises BadRecipe for one of another run, or that is damaged.
        """
        if self.accelerator.is_main_process:
            self._tidy()
        self.accelerator.wait_for_everyone()
        folder = self.folder / LAST
        if not (folder / STATE).is_file():
            return None
        try:
            return self._resumed(folder)
        except (OSError, ValueError, KeyError, RuntimeError, UnpicklingError) as error:
            raise BadRecipe(f"{folder} is damaged: remove {self.folder} to begin anew") from error

    def _resumed(self, folder: Path) -> Progress:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if state["run"] != self.fingerprint:
            raise BadRecipe(
                f"{self.folder} holds a run of other settings or data: remove it, or name another "
                "folder"
            )
        self.accelerator.load_state(str(folder))
        return Progress(**state["progress"])

    def save_best(self, module: nn.Module) -> None:
        """Keep the weights as the best so far."""
        if self.accelerator.is_main_process:
            best = self.folder / BEST
            best.mkdir(exist_ok=True)
            staged = best / "weights.part"
            torch.save(learned(module), staged)
            staged.replace(best / WEIGHTS)

    def load_best(self, module: nn.Module) -> None:
        """Put the best weights in."""
        self.accelerator.wait_for_everyone()
        weights = torch.load(self.folder / BEST / WEIGHTS, map_location="cpu")
        module.load_state_dict(weights, strict=False)

    def _tidy(self) -> None:
        """What a kill between two renames, or in the midst of writing, left behind."""
        folder, older = self.folder / LAST, self.folder / f"{LAST}.old"
        if not folder.exists() and older.exists():
            older.rename(folder)
        shutil.rmtree(older, ignore_errors=True)
        shutil.rmtree(self.folder / f"{LAST}.part", ignore_errors=True)


def forget(folder: Path) -> None:
    """Remove what a run that is done with left in its folder for going on."""
    for name in (LAST, BEST):
        shutil.rmtree(folder / name, ignore_errors=True)


def learned(module: nn.Module) -> dict[str, Tensor]:
    """The weights that learn."""
    return {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}


def digest_of(weights: Mapping[str, Tensor]) -> str:
    """Another one for weights of other values, names, shapes or types."""
    digest = hashlib.sha256()
    for name, values in weights.items():
        digest.update(f"{name} {values.dtype} {list(values.shape)}".encode())
        digest.update(values.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _save_learned(models: list[nn.Module], weights: list[dict[str, Tensor]], folder: str) -> None:
    """Instead of the whole state, most of which never changes."""
    if PartialState().is_main_process:
        for model in models:
            torch.save(learned(model), Path(folder) / WEIGHTS)
    weights.clear()


def _load_learned(models: list[nn.Module], folder: str) -> None:
    while models:
        model = models.pop()
        device = next(model.parameters()).device
        model.load_state_dict(torch.load(Path(folder) / WEIGHTS, device), strict=False)

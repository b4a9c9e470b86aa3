"""What a run leaves in its folder, so that it can go on and be gone back to.

``checkpoint.pt`` holds all that resuming needs, ``best.pt`` the encoder's weights of the checkpoint
that validated best, ``log.jsonl`` a line a checkpoint.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch.optim import AdamW

from training.adaptation.decoder import Autoencoder
from training.errors import BadRecipe
from training.progress import said

CHECKPOINT: Final = "checkpoint.pt"
BEST: Final = "best.pt"
LOG: Final = "log.jsonl"


@dataclass(frozen=True)
class Mark:
    """A checkpoint: the mean loss since the one before it, and what its encoder is worth.

    Step 0 is the encoder as it came. None is what was not measured.
    """

    step: int
    loss: float | None
    worth: float | None


@dataclass(eq=False)
class Checkpoints:
    """A run's, with all that changes in it. ``run`` tells runs apart."""

    folder: Path
    run: str
    model: Autoencoder
    optimiser: AdamW
    marks: list[Mark] = field(default_factory=list)

    @property
    def step(self) -> int:
        """How many steps are done."""
        return self.marks[-1].step if self.marks else 0

    @property
    def best(self) -> Mark:
        """The trained checkpoint that is worth most, of equals the first; the last if none was
        validated.
        """
        trained = [mark for mark in self.marks if mark.step]
        worth = [mark.worth for mark in trained if mark.worth is not None]
        return next((m for m in trained if worth and m.worth == max(worth)), trained[-1])

    def resume(self) -> None:
        """Take up the last checkpoint, if there is one. Raises BadRecipe for another run's."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state["run"] != self.run:
            raise BadRecipe(f"{self.folder} holds another run: name another folder, or remove it")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.marks = [Mark(**mark) for mark in state["marks"]]

    def note(self, mark: Mark) -> None:
        """A mark of which nothing need be kept."""
        self.marks.append(mark)
        self._tell(mark)

    def save(self, mark: Mark) -> None:
        """Keep all as it stands; the encoder apart if it is the best so far."""
        self.marks.append(mark)
        self.folder.mkdir(parents=True, exist_ok=True)
        if mark.worth is not None and self.best is mark:
            self._write(self.model.encoder.state_dict(), BEST)
        state = {
            "run": self.run,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "marks": [asdict(each) for each in self.marks],
        }
        self._write(state, CHECKPOINT)
        self._tell(mark)

    def go_back_to_the_best(self) -> None:
        """Put its weights into the encoder."""
        if self.best.worth is not None:
            path = self.folder / BEST
            weights = torch.load(path, map_location="cpu", weights_only=True)
            self.model.encoder.load_state_dict(weights)

    def _tell(self, mark: Mark) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(mark)) + "\n")
        loss = "" if mark.loss is None else f", loss {mark.loss:.4f}"
        worth = "" if mark.worth is None else f", worth {mark.worth:.4f}"
        said(f"step {mark.step:,}{loss}{worth}")

    def _write(self, state: dict[str, Any], name: str) -> None:
        unfinished = self.folder / f"{name}.part"
        torch.save(state, unfinished)
        unfinished.replace(self.folder / name)

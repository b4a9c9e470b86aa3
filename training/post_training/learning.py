"""Learning in steps from rows of text: what post-training and the compression of encoders share.

``training.loop`` is the like for clicks. A run's folder holds ``log.jsonl`` and a checkpoint; a run
that was cut off goes on from there with the same rows and the same dice, to the same end.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from training.checkpoints import Checkpoints, Progress, digest_of, learned
from training.data.ragged import Int64
from training.errors import BadRecipe, Diverged, NotWritable
from training.loop import accelerator
from training.post_training.settings import Learning
from training.progress import Bar
from training.schedule import warmed

LOG_STEPS: Final = 20

Rng = np.random.Generator
Watch = Callable[[int], None]
"""Told after each step how many there were so far."""


class Movable(Protocol):
    """What a step is given."""

    def to(self, device: torch.device) -> Self:
        """The same on a device."""


Given = TypeVar("Given", bound=Movable, covariant=True)


class Lesson(Protocol[Given]):
    """What is learned from, by row."""

    def __len__(self) -> int: ...

    def batch(self, rows: Int64, rng: Rng) -> Given:
        """What a step over the rows is given; ``rng`` draws whatever is drawn."""

    def digest(self) -> str:
        """Another one for other texts."""


class Course(Generic[Given]):
    """One run in a folder. ``model(batch)`` is the loss of a lesson's batch."""

    def __init__(
        self,
        model: nn.Module,
        lesson: Lesson[Given],
        settings: Learning,
        folder: Path,
        identity: str = "",
        watch: Watch | None = None,
    ) -> None:
        """``identity`` tells runs apart that differ in more than what is given here.

        Raises BadRecipe for a lesson without rows.
        """
        if not len(lesson):
            raise BadRecipe("there are no texts to learn from")
        self.lesson, self.settings, self.folder, self.watch = lesson, settings, folder, watch
        self.progress = Progress()
        self.accelerator = accelerator(settings)
        self.rows_of_step = settings.batch_size * self.accelerator.num_processes
        self.steps = steps_of_epoch(len(lesson), self.rows_of_step)
        optimizer = AdamW(
            [p for p in model.parameters() if p.requires_grad],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        rising = settings.warm_up * self.steps * settings.epochs
        self.schedule = LambdaLR(optimizer, lambda step: warmed(step, rising))
        fingerprint = _fingerprint(model, lesson, settings, identity)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.accelerator.register_for_checkpointing(self.schedule)
        self.checkpoints = Checkpoints(folder, self.accelerator, fingerprint)

    def finish(self) -> Progress:
        """Train to the end, from the last checkpoint if the folder holds one.

        Raises BadRecipe for a folder that holds another run, NotWritable, Diverged.
        """
        make_folder(self.folder)
        self.progress = self.checkpoints.resume() or self.progress
        while self.progress.epoch < self.settings.epochs:
            self._epoch()
            self._end_epoch()
        return self.progress

    def _epoch(self) -> None:
        epoch, done = self.progress.epoch, self.progress.step
        self.model.train()
        with Bar(f"Epoch {epoch + 1} of {self.settings.epochs}", self.steps, done) as bar:
            for step, rows in enumerate(self._rows(epoch)):
                if step < done:
                    continue
                loss = self._step(rows, np.random.default_rng([self.settings.seed, epoch, step]))
                self._count(loss, bar)

    def _rows(self, epoch: int) -> Iterator[Int64]:
        """This process's part of each step's rows."""
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.lesson))
        process = self.accelerator
        for first in range(0, len(order), self.rows_of_step):
            rows = order[first : first + self.rows_of_step]
            mine = rows[process.process_index :: process.num_processes]
            yield mine if len(mine) else rows[:1]

    def _step(self, rows: Int64, rng: Rng) -> float:
        given = self.lesson.batch(rows, rng).to(self.accelerator.device)
        with self.accelerator.autocast():
            loss = self.model(given)
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())

    def _count(self, loss: float, bar: Bar) -> None:
        progress = self.progress
        if not math.isfinite(loss):
            raise Diverged(
                f"the loss is {loss} in epoch {progress.epoch + 1}, step {progress.step + 1}: "
                "lower learning.learning_rate"
            )
        self.progress = replace(progress, step=progress.step + 1, loss_sum=progress.loss_sum + loss)
        bar.step(f"loss {loss:.4f}")
        steps = self.progress.epoch * self.steps + self.progress.step
        if steps % LOG_STEPS == 0:
            self._report({"loss": loss})
        if self.watch is not None and self.accelerator.is_main_process:
            self.watch(steps)
        if steps % self.settings.checkpoint_steps == 0:
            self.checkpoints.save(self.progress)

    def _end_epoch(self) -> None:
        progress = self.progress
        mean = progress.loss_sum / progress.step
        self._report({"epoch_loss": mean})
        self.progress = replace(
            progress,
            epoch=progress.epoch + 1,
            step=0,
            loss_sum=0.0,
            losses=[*progress.losses, mean],
        )
        self.checkpoints.save(self.progress)

    def _report(self, values: dict[str, float]) -> None:
        if self.accelerator.is_main_process:
            where = {"epoch": self.progress.epoch, "step": self.progress.step}
            with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(where | values) + "\n")


def make_folder(folder: Path) -> None:
    """A run's folder, before anything is loaded. Raises NotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from error


def steps_of_epoch(rows: int, rows_of_step: int) -> int:
    """How many steps an epoch takes; the last may have fewer rows."""
    return -(-rows // rows_of_step)


def _fingerprint(
    model: nn.Module, lesson: Lesson[Movable], settings: Learning, identity: str
) -> str:
    """What a run must share with the one that it goes on with: settings, texts, and its start."""
    start = digest_of(learned(model))
    told = [identity, settings.model_dump(mode="json"), lesson.digest(), start]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:20]

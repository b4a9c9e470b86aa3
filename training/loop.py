"""The training loop: one for every recipe, on whatever hardware ``accelerate`` finds.

A run's folder holds ``log.jsonl`` (a line a report) and what ``training.checkpoints`` puts there. A
run that was killed and is started again goes on where its last checkpoint stands, and ends with the
loss that it would have had.

Shapes: B batch, C candidates (the clicked one first).
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from torch import nn

from training.checkpoints import Checkpoints, Progress, digest_of
from training.data.impressions import ImpressionLog
from training.encoding import KeptNews
from training.errors import Diverged
from training.examples import (
    Examples,
    ReaderCodes,
    batch_of,
    batches,
    of_histories,
    of_impressions,
    together,
)
from training.models.recommender import Recommender
from training.models.text import TextEncoder
from training.objective import ClickLoss, Objective
from training.progress import Bar, said
from training.recipe import Training
from training.schedule import schedule_of

CHECKPOINT_STEPS: Final = 200
LOG_STEPS: Final = 20

Validate = Callable[[Recommender], float]
"""The metric that a recipe stops by, of the recommender as it stands; more is better."""


class Run:
    """One training run in a folder."""

    def __init__(
        self,
        recommender: Recommender,
        settings: Training,
        log: ImpressionLog,
        kept: KeptNews,
        readers: ReaderCodes,
        folder: Path,
        identity: str = "",
        objective: Objective | None = None,
    ) -> None:
        """``identity`` tells runs apart that differ in more than their settings and their log.
        Without an ``objective`` the clicks alone are learned.
        """
        self.objective: Objective = objective or ClickLoss(settings.temperature)
        self.identity = identity + self.objective.identity
        self.settings, self.log, self.kept, self.readers = settings, log, kept, readers
        self.recommender, self.folder = recommender, folder
        self.progress = Progress()
        self.accelerator = accelerator(settings)
        learner = self.objective.around(recommender)
        optimizer = optimizer_of(learner, settings)
        self.steps = self._steps_of_epoch()
        steps = max(1, settings.epochs * self.steps)
        schedule = schedule_of(settings.schedule, optimizer, steps, settings.warm_up)
        self.model, self.optimizer = self.accelerator.prepare(learner, optimizer)
        self.schedule = schedule
        self.accelerator.register_for_checkpointing(schedule)
        self.checkpoints = Checkpoints(folder, self.accelerator, self._fingerprint())

    def train(self, validate: Validate | None = None) -> Progress:
        """Train to the end, from the last checkpoint if the folder holds one.

        With ``validate`` the best epoch's weights are the recommender's afterwards; without, the
        last epoch's. Raises BadRecipe for a folder that holds another run.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.progress = self.checkpoints.resume() or self.progress
        while self._goes_on():
            self._epoch()
            self._end_epoch(validate)
        if validate is not None and self.progress.best is not None:
            self.checkpoints.load_best(self.recommender)
        return self.progress

    def examples(self, epoch: int) -> Examples:
        """The examples of an epoch, the same whenever they are asked for."""
        rng = np.random.default_rng([self.settings.seed, epoch])
        settings = self.settings
        clicked = of_impressions(
            self.log, self.readers, settings.negatives, settings.history_length, rng
        )
        count = round(settings.next_clicks * len(clicked))
        followed = of_histories(
            self.log, self.readers, count, settings.negatives, settings.history_length, rng
        )
        return together(clicked, followed)

    def _steps_of_epoch(self) -> int:
        """Of every epoch: the examples change, their number does not."""
        size: int = self.settings.batch_size * self.accelerator.num_processes
        return -(-len(self.examples(0)) // size)

    def _fingerprint(self) -> str:
        """What a run must share with the one that it goes on with: settings, log, and its start.

        Frozen weights are part of the start; what is found from the log, as a centre is, is not.
        """
        learner = self.accelerator.unwrap_model(self.model)
        start = digest_of(dict(learner.named_parameters()))
        told = [self.identity, self.settings.model_dump(mode="json"), start]
        digest = hashlib.sha256(json.dumps(told).encode())
        for values in (self.log.history.values, self.log.candidates.values, self.log.labels):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()[:20]

    def _goes_on(self) -> bool:
        return (
            self.progress.epoch < self.settings.epochs
            and self.progress.bad_epochs < self.settings.patience
        )

    def _epoch(self) -> None:
        epoch, done = self.progress.epoch, self.progress.step
        examples = self.examples(epoch)
        rng = np.random.default_rng([self.settings.seed, epoch, 1])
        self.model.train()
        with Bar(f"Epoch {epoch + 1}", self.steps, done) as bar:
            for step, some in enumerate(self._own_batches(examples, rng)):
                if step < done:
                    continue
                started = time.perf_counter()
                loss = self._step(some)
                self._count(loss, time.perf_counter() - started, len(some), bar)

    def _own_batches(self, examples: Examples, rng: np.random.Generator) -> Iterator[Examples]:
        """This process's part of each step's examples."""
        accelerator = self.accelerator
        size = self.settings.batch_size * accelerator.num_processes
        mine = range(accelerator.process_index, size, accelerator.num_processes)
        for some in batches(examples, size, rng):
            if len(some) >= accelerator.num_processes:
                yield some.take(np.array([place for place in mine if place < len(some)], np.int64))

    def _step(self, examples: Examples) -> float:
        batch = batch_of(examples, self.kept).to(self.accelerator.device)
        with self.accelerator.autocast():
            loss = self.objective.loss(self.model, batch)
        self.optimizer.zero_grad()
        self.objective.backward(self.model, loss, self.accelerator)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach().sum())

    def _count(self, loss: float, seconds: float, examples: int, bar: Bar) -> None:
        progress = self.progress
        if not math.isfinite(loss):
            raise Diverged(
                f"the loss is {loss} in epoch {progress.epoch + 1}, step {progress.step + 1}: "
                "lower training.learning_rate"
            )
        self.progress = replace(
            progress,
            step=progress.step + 1,
            loss_sum=progress.loss_sum + loss,
            seconds=progress.seconds + seconds,
        )
        bar.step(f"loss {loss:.4f}, {examples / seconds:,.0f} examples/s")
        if self.progress.step % LOG_STEPS == 0:
            self._report({"loss": loss, "examples_per_second": round(examples / seconds, 1)})
        if self.progress.step % CHECKPOINT_STEPS == 0:
            self.checkpoints.save(self.progress)

    def _end_epoch(self, validate: Validate | None) -> None:
        progress = self.progress
        mean = progress.loss_sum / max(progress.step, 1)
        metric = None if validate is None else self._validated(validate)
        better = metric is not None and (progress.best is None or metric > progress.best)
        self._report({"epoch_loss": mean, "validation": metric})
        if self.accelerator.is_main_process:
            measured = "" if metric is None else f", {self.settings.metric} {metric:.4f}"
            said(f"epoch {progress.epoch + 1}: loss {mean:.4f}{measured}")
        self.progress = replace(
            progress,
            epoch=progress.epoch + 1,
            step=0,
            loss_sum=0.0,
            losses=[*progress.losses, mean],
            metrics=progress.metrics if metric is None else [*progress.metrics, metric],
            best=metric if better else progress.best,
            bad_epochs=0 if better or metric is None else progress.bad_epochs + 1,
        )
        if better:
            self.checkpoints.save_best(self.recommender)
        self.checkpoints.save(self.progress)

    def _validated(self, validate: Validate) -> float:
        """By the main process, for all of them: they must agree on when to stop."""
        found: list[float | None] = [None]
        if self.accelerator.is_main_process:
            found = [validate(self.recommender)]
        broadcast_object_list(found)
        assert found[0] is not None
        return found[0]

    def _report(self, values: dict[str, float | None]) -> None:
        if self.accelerator.is_main_process:
            where = {"epoch": self.progress.epoch, "step": self.progress.step}
            with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(where | values) + "\n")


class Precise(Protocol):
    """Settings that say in which precision is computed."""

    @property
    def mixed_precision(self) -> str:
        """``no``, ``bf16`` or ``fp16``."""


def accelerator(settings: Precise) -> Accelerator:
    """The hardware as it is found; more processes come from ``torchrun`` or ``accelerate``.

    A process has one precision at a time: it is the one asked for last.
    """
    if AcceleratorState._shared_state and _precision() != settings.mixed_precision:
        AcceleratorState._reset_state()
    return Accelerator(mixed_precision=settings.mixed_precision, cpu=not torch.cuda.is_available())


def _precision() -> str:
    return str(AcceleratorState().mixed_precision)


def speaks() -> bool:
    """Whether this process is the one of a run that prints and exports."""
    return bool(PartialState().is_main_process)


def optimizer_of(learner: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """AdamW over what learns; a pretrained transformer may have a learning rate of its own."""
    inside = {
        id(parameter)
        for module in learner.modules()
        if isinstance(module, TextEncoder)
        for parameter in module.pretrained()
    }
    learning = [p for p in learner.parameters() if p.requires_grad]
    pretrained = [p for p in learning if id(p) in inside]
    others = [p for p in learning if id(p) not in inside]
    rate = settings.transformer_learning_rate or settings.learning_rate
    groups = [
        {"params": others, "lr": settings.learning_rate},
        {"params": pretrained, "lr": rate},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        weight_decay=settings.weight_decay,
        fused=True,
    )

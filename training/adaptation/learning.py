"""The adaptation itself.

A run that was cut off goes on from its last checkpoint, to the same end.
"""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

import torch
from torch.optim import AdamW

from training.adaptation.checkpoints import Checkpoints, Mark
from training.adaptation.decoder import Autoencoder
from training.adaptation.lesson import Lesson
from training.adaptation.settings import Adaptation
from training.errors import Diverged
from training.progress import Bar, said

WARM_UP: Final = 6
"""So many steps tell how long the rest will take; the first one is not counted."""


@dataclass(frozen=True)
class Learned:
    """Which step's weights the encoder has now, and all checkpoints that there were."""

    chosen: int
    marks: tuple[Mark, ...]


def learn(
    model: Autoencoder,
    lesson: Lesson,
    settings: Adaptation,
    folder: Path,
    run: str,
    validate: Callable[[], float] | None,
) -> Learned:
    """Train the model in place. With ``validate`` the best checkpoint's encoder stays, else the
    last; of what it gives, more is better. ``run`` tells runs apart.

    Raises Diverged, and BadRecipe for a folder that holds another run.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    kept = Checkpoints(folder, run, model, optimiser_of(model, settings))
    kept.resume()
    if validate is not None and not kept.marks:
        kept.note(Mark(0, None, validate()))
    pace = _Pace(settings.steps)
    with Bar("Adapting", settings.steps, kept.step) as bar:
        while kept.step < settings.steps:
            ahead = settings.checkpoint_steps - kept.step % settings.checkpoint_steps
            until, losses = min(kept.step + ahead, settings.steps), []
            for step in range(kept.step, until):
                losses.append(_step(model, kept.optimiser, lesson, step, device))
                bar.step(f"loss {losses[-1]:.4f}")
                pace.met(step)
            kept.save(Mark(until, fmean(losses), None if validate is None else validate()))
    kept.go_back_to_the_best()
    model.eval().cpu()
    return Learned(kept.best.step, tuple(kept.marks))


def optimiser_of(model: Autoencoder, settings: Adaptation) -> AdamW:
    """AdamW at a constant rate; what encoder and decoder share is there once."""
    return AdamW(
        model.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def fingerprint(
    model: Autoencoder, lesson: Lesson, settings: Adaptation, *, validated: bool
) -> str:
    """What decides a run's end: the weights that it begins with, its texts, and how it learns."""
    told = settings.model_dump_json(exclude={"name"})
    digest = hashlib.sha256(f"{told} {validated} {lesson.encoder.prefix}".encode())
    digest.update(lesson.examples.digest().encode() + lesson.encoder.tokenizer.to_str().encode())
    for name, weights in model.named_parameters():
        digest.update(name.encode() + weights.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:20]


def _step(
    model: Autoencoder, optimiser: AdamW, lesson: Lesson, step: int, device: torch.device
) -> float:
    """Learn from a step's batch; its loss. Raises Diverged."""
    torch.manual_seed(Random(f"{lesson.seed}-{step}").getrandbits(60))  # the same after a pause
    loss = model(lesson.batch(step, device))
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    found = float(loss.detach())
    if not math.isfinite(found):
        raise Diverged(f"the loss is {found} in step {step + 1}: lower learning_rate")
    return found


class _Pace:
    """Says once, after a few steps, how long the rest will take."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.times: list[float] = []

    def met(self, step: int) -> None:
        """This step is done."""
        if len(self.times) == WARM_UP:
            return
        self.times.append(time.perf_counter())
        if len(self.times) == WARM_UP:
            seconds = (self.times[-1] - self.times[0]) / (WARM_UP - 1)
            more = self.steps - step - 1
            left = timedelta(seconds=round(more * seconds))
            said(f"{seconds:.2f} s a step: {more:,} more will take about {left}")

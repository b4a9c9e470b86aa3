"""The adaptation as courses: AdamW at constant rates, a term from checkpoint to checkpoint.

A decoder whose own parts are fresh would teach its encoder nonsense at first. So these may learn in
a course before, alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from torch.optim import AdamW

from training.adaptation.decoder import Autoencoder, Batch
from training.adaptation.lesson import Retelling
from training.adaptation.settings import Adaptation
from training.course.course import Course, Plan
from training.loop import accelerator

ALONE: Final = "decoder"
"""In a run's folder, the folder of the course before."""


def course_of(
    model: Autoencoder, lesson: Retelling, settings: Adaptation, folder: Path, *, validated: bool
) -> Course[Batch]:
    """Encoder and decoder learn. With a validation it is another run than without."""
    every = settings.checkpoint_steps
    plan = Plan(settings.steps, term=every, keep=every, optimizer=optimiser_of(model, settings))
    identity = f"{settings.model_dump_json(exclude={'name'})} {validated}"
    return Course(accelerator(settings), model, lesson, plan, folder, identity)


@contextmanager
def decoder_course(
    model: Autoencoder, lesson: Retelling, settings: Adaptation, folder: Path, *, validated: bool
) -> Iterator[Course[Batch]]:
    """The course of what is the decoder's own, while the encoder stays as it is. It reads the texts
    in another order than the next.
    """
    steps, own = settings.decoder_steps, list(model.decoder.own().parameters())
    optimizer = AdamW(own, own_rate(settings), weight_decay=settings.weight_decay, fused=True)
    plan = Plan(steps, term=steps, keep=settings.checkpoint_steps, optimizer=optimizer)
    identity = f"{settings.model_dump_json(exclude={'name'})} {validated} alone"
    before, process = replace(lesson, seed=settings.seed + 1), accelerator(settings)
    model.encoder.requires_grad_(False)
    try:
        yield Course(process, model, before, plan, folder / ALONE, identity)
    finally:
        model.encoder.requires_grad_(True)
        process.unwrap_model(model, keep_fp32_wrapper=False)


def own_rate(settings: Adaptation) -> float:
    """What the decoder's own parts learn at."""
    return settings.decoder_learning_rate or settings.learning_rate


def optimiser_of(model: Autoencoder, settings: Adaptation) -> AdamW:
    """The encoder's weights, which are the decoder's too, and after them the decoder's own."""
    groups = [
        {"params": list(model.encoder.parameters()), "lr": settings.learning_rate},
        {"params": list(model.decoder.own().parameters()), "lr": own_rate(settings)},
    ]
    return AdamW(groups, weight_decay=settings.weight_decay, fused=True)

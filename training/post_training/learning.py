"""A course over texts in no order of their own: post-training, and the compression of encoders."""

from pathlib import Path
from typing import TypeVar

from torch import nn
from torch.optim import AdamW

from training.course.course import Course, Plan
from training.course.lesson import Known, Shuffled
from training.errors import BadRecipe
from training.loop import accelerator
from training.post_training.settings import Learning
from training.schedule import warmed

Given = TypeVar("Given")


def course_of(
    model: nn.Module, known: Known[Given], settings: Learning, folder: Path, identity: str
) -> Course[Given]:
    """AdamW at a rate that rises over the warm-up; a term is an epoch. ``identity`` tells runs
    apart that differ in more than what is given here.

    Raises BadRecipe where there is nothing to learn from.
    """
    if not len(known):
        raise BadRecipe("there are no texts to learn from")
    process = accelerator(settings)
    lesson = Shuffled(known, settings.batch_size * process.num_processes, settings.seed)
    optimizer = AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    steps = settings.epochs * lesson.steps
    rising = settings.warm_up * steps
    plan = Plan(
        steps,
        term=lesson.steps,
        keep=settings.checkpoint_steps,
        optimizer=optimizer,
        rate=lambda step: warmed(step, rising),
    )
    told = f"{identity} {settings.model_dump_json()}"
    return Course(process, model, lesson, plan, folder, told)

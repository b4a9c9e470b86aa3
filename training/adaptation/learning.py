"""The adaptation as a course: AdamW at a constant rate, a term from checkpoint to checkpoint."""

from pathlib import Path

from accelerate import Accelerator
from torch.optim import AdamW

from training.adaptation.decoder import Autoencoder, Batch
from training.adaptation.lesson import Retelling
from training.adaptation.settings import Adaptation
from training.course.course import Course, Plan


def course_of(
    process: Accelerator,
    model: Autoencoder,
    lesson: Retelling,
    settings: Adaptation,
    folder: Path,
    *,
    validated: bool,
) -> Course[Batch]:
    """With a validation it is another run than without."""
    every = settings.checkpoint_steps
    plan = Plan(settings.steps, term=every, keep=every, optimizer=optimiser_of(model, settings))
    identity = f"{settings.model_dump_json(exclude={'name'})} {validated}"
    return Course(process, model, lesson, plan, folder, identity)


def optimiser_of(model: Autoencoder, settings: Adaptation) -> AdamW:
    """What encoder and decoder share is there once."""
    return AdamW(
        model.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )

"""The adaptation as a course: AdamW at constant rates, a term from checkpoint to checkpoint."""

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
    alone = settings.decoder_steps
    plan = Plan(
        settings.steps,
        term=every,
        keep=every,
        optimizer=optimiser_of(model, settings),
        rate=[lambda step: float(step >= alone), lambda step: 1.0],
        unchosen=alone,
    )
    identity = f"{settings.model_dump_json(exclude={'name'})} {validated}"
    return Course(process, model, lesson, plan, folder, identity)


def optimiser_of(model: Autoencoder, settings: Adaptation) -> AdamW:
    """The encoder's weights, which are the decoder's too, and after them the decoder's own."""
    own_rate = settings.decoder_learning_rate or settings.learning_rate
    groups = [
        {"params": list(model.encoder.parameters()), "lr": settings.learning_rate},
        {"params": list(model.decoder.own()), "lr": own_rate},
    ]
    return AdamW(groups, weight_decay=settings.weight_decay, fused=True)

"""Tiny-NewsRec without a part of it, over the deepest student.

The slides show this as plots, without their numbers, and say little of how it was done. Without
Stage I a student is fine-tuned under the teachers from what it begins as; without Stage II it is
fine-tuned on the clicks alone; without post-training it begins as the first layers of the base,
whose one teacher is the base, fine-tuned.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.compression.first_layers import first_layers
from training.compression.stage_two import stage_two
from training.compression.teachers import fine_tune
from training.run import Trained
from training.studies.study import Made
from training.studies.tiny_newsrec.paces import Pace
from training.studies.tiny_newsrec.paper import sized
from training.studies.tiny_newsrec.plain import FT
from training.studies.tiny_newsrec.settings import Teaching
from training.studies.tiny_newsrec.setup import Setup
from training.studies.tiny_newsrec.students import (
    STUDENT,
    both_stages,
    student_name,
    under_teachers,
)
from training.studies.tiny_newsrec.systems import CACHE, MAKING, System, kept
from training.studies.tiny_newsrec.teachers import POST_TRAINED, copies, names_of

WITHOUT_STAGE_ONE: Final = "without-stage-one"
WITHOUT_STAGE_TWO: Final = "without-stage-two"
WITHOUT_POST_TRAINING: Final = "without-post-training"
LOSSES: Final = {
    "soft_labels": "distillation loss",
    "embeddings": "embedding loss",
    "own": "loss of its own",
}
"""What a student minimises in both stages: as ``Losses`` has it, and as people say it."""


def without_loss(loss: str) -> str:
    """The row without one of ``LOSSES``."""
    return f"without-{loss.replace('_', '-')}"


def with_teachers(count: int) -> str:
    """The row with fewer teachers than there are."""
    return f"teachers-{count}"


def ablations(setup: Setup, pace: Pace) -> Iterator[System]:
    """All of them. Raises BadRecipe for losses of which none would be left."""
    yield _without_stage_one(setup, pace)
    yield _without_stage_two(setup, pace)
    yield _without_post_training(setup, pace)
    teaching, all_of_them = setup.settings.teaching, setup.settings.post_training.copies
    for loss, said in LOSSES.items():
        rest = teaching.changed([f"{stage}.{loss}=false" for stage in ("stage_one", "stage_two")])
        title = f"{_whole(setup)} without {said}"
        yield _both_stages(setup, pace, without_loss(loss), title, rest, all_of_them)
    for count in range(1, all_of_them):
        title = f"{_whole(setup)}, {count} teacher{'s' if count > 1 else ''}"
        yield _both_stages(setup, pace, with_teachers(count), title, teaching, count)


def _without_stage_one(setup: Setup, pace: Pace) -> System:
    layers, losses = setup.settings.students[0], setup.settings.teaching.stage_two
    names = names_of(setup)

    def fit(folder: Path, made: Made) -> Trained:
        student = first_layers(copies(setup, made)[-1], layers, folder / MAKING)
        return under_teachers(setup, student, losses, len(names), folder, made)

    title = f"{_whole(setup)} without Stage I"
    decided: dict[str, JsonValue] = {
        "layers": layers,
        "losses": losses.model_dump(mode="json"),
    }
    needs = (POST_TRAINED, *names)
    return System(WITHOUT_STAGE_ONE, title, fit, pace.fine_tuned(layers), decided, needs)


def _without_stage_two(setup: Setup, pace: Pace) -> System:
    layers = setup.settings.students[0]

    def fit(folder: Path, made: Made) -> Trained:
        student = made[student_name(layers)].folder / STUDENT
        return fine_tune(student, setup.logs, setup.settings.fine_tuning, folder)

    title = f"{_whole(setup)} without Stage II"
    needs = (student_name(layers),)
    return System(WITHOUT_STAGE_TWO, title, fit, pace.fine_tuned(layers), {}, needs)


def _without_post_training(setup: Setup, pace: Pace) -> System:
    layers, losses = setup.settings.students[0], setup.settings.teaching.stage_two

    def fit(folder: Path, made: Made) -> Trained:
        student = first_layers(setup.encoder, layers, folder / MAKING)
        teacher = kept(setup, setup.encoder, made[FT])
        fine_tuning, vectors = setup.settings.fine_tuning, folder.parent / CACHE
        return stage_two(student, [teacher], setup.logs, fine_tuning, losses, folder, vectors)

    title = f"{_whole(setup)} without post-training"
    decided: dict[str, JsonValue] = {
        "layers": layers,
        "losses": losses.model_dump(mode="json"),
    }
    return System(WITHOUT_POST_TRAINING, title, fit, pace.fine_tuned(layers), decided, (FT,))


def _both_stages(
    setup: Setup, pace: Pace, name: str, title: str, teaching: Teaching, count: int
) -> System:
    layers = setup.settings.students[0]
    return System(
        name,
        title,
        partial(both_stages, setup, layers, teaching, count),
        pace.fine_tuned(layers) + pace.post_trained(layers),
        {
            "stage_one": setup.settings.stage_one(layers, teaching).model_dump(mode="json"),
            "losses": teaching.stage_two.model_dump(mode="json"),
            "teachers": count,
        },
        (POST_TRAINED, *names_of(setup)[-count:]),
    )


def _whole(setup: Setup) -> str:
    return sized("Tiny-NewsRec", setup.settings.students[0])

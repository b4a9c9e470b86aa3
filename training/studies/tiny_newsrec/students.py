"""Tiny-NewsRec: the rows of its students.

A student begins as the first layers of the newest post-trained teacher. It is post-trained under
the teachers (Stage I, a row that others begin with), then fine-tuned under them (Stage II).
"""

import shutil
from pathlib import Path
from typing import Final

from training.checkpoints import forget
from training.compression.settings import Losses
from training.compression.stage_one import stage_one
from training.compression.stage_two import stage_two
from training.run import Trained
from training.studies.study import Made, Measured, Row
from training.studies.tiny_newsrec.paces import Pace
from training.studies.tiny_newsrec.paper import sized
from training.studies.tiny_newsrec.settings import Teaching
from training.studies.tiny_newsrec.setup import Setup
from training.studies.tiny_newsrec.systems import CACHE, MAKING, System
from training.studies.tiny_newsrec.teachers import POST_TRAINED, copies, fine_tuned, names_of

STUDENT: Final = "student"
"""Where Stage I leaves it."""


def student_name(layers: int) -> str:
    """The row of a student after Stage I."""
    return f"student-{layers}"


def tiny_name(layers: int) -> str:
    """The row of a student after both stages."""
    return f"tiny-newsrec-{layers}"


def student_row(setup: Setup, pace: Pace, layers: int) -> Row:
    """Stage I; what comes of it is not measured, but begun with."""
    settings = setup.settings
    stage = settings.stage_one(layers, settings.teaching)

    def make(folder: Path, made: Made) -> Measured:
        vectors = folder.parent / CACHE
        taught = stage_one(copies(setup, made), setup.pairs, stage, folder, vectors)
        forget(folder)
        for name in ("start", "tokens"):
            shutil.rmtree(folder / name)
        losses = ", ".join(f"{loss:.4f}" for loss in taught.losses)
        return Measured({}, {"pairs": len(setup.pairs), "losses": losses})

    return Row(
        student_name(layers),
        f"{sized('Tiny-NewsRec', layers)} after Stage I",
        make,
        {"stage_one": stage.model_dump(mode="json")},
        needs=(POST_TRAINED,),
        minutes=pace.post_trained(layers),
    )


def tiny_newsrec(setup: Setup, pace: Pace, layers: int) -> System:
    """A student after both stages."""
    losses, names = setup.settings.teaching.stage_two, names_of(setup)

    def fit(folder: Path, made: Made) -> Trained:
        student = made[student_name(layers)].folder / STUDENT
        return under_teachers(setup, student, losses, len(names), folder, made)

    return System(
        tiny_name(layers),
        sized("Tiny-NewsRec", layers),
        fit,
        pace.fine_tuned(layers),
        {"losses": losses.model_dump(mode="json")},
        (student_name(layers), POST_TRAINED, *names),
    )


def both_stages(
    setup: Setup, layers: int, teaching: Teaching, count: int, folder: Path, made: Made
) -> Trained:
    """A student of its own: Stage I, then Stage II, under the ``count`` newest teachers."""
    stage = setup.settings.stage_one(layers, teaching)
    teachers, vectors = copies(setup, made)[-count:], folder.parent / CACHE
    stage_one(teachers, setup.pairs, stage, folder / MAKING, vectors)
    student = folder / MAKING / STUDENT
    return under_teachers(setup, student, teaching.stage_two, count, folder, made)


def under_teachers(
    setup: Setup, student: Path, losses: Losses, count: int, folder: Path, made: Made
) -> Trained:
    """Stage II of a student's folder, under the ``count`` newest teachers."""
    teachers = fine_tuned(setup, made, count)
    fine_tuning, vectors = setup.settings.fine_tuning, folder.parent / CACHE
    return stage_two(student, teachers, setup.logs, fine_tuning, losses, folder, vectors)

"""The rows of a plan, made one after the other; who fails does not stop who does not need them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_store.errors import ModelStoreError
from training.errors import NotWritable, TrainingError
from training.progress import said
from training.studies.claiming import claimed
from training.studies.course import Course, Outcome
from training.studies.finished import read, write
from training.studies.plan import Step, duration, plan
from training.studies.study import Finished, Row, Study

FAILURES: Final = (TrainingError, ModelStoreError, OSError, RuntimeError)
"""What a row may fail of while others go on: its data, its settings, its disk, its device. Anything
else is a mistake of ours, and ends the study; what is finished stays."""
PAUSE: Final = 1.0
"""Seconds between looks at what other processes make."""


@dataclass(frozen=True, eq=False)
class Results:
    """A study as far as it has come."""

    study: Study
    finished: Mapping[str, Finished]
    """As the study shows them."""
    failed: Mapping[str, str]
    """Why, by row."""


def run(study: Study, steps: Sequence[Step], work: Path) -> Results:
    """Make the steps that are not finished, in their order; then all that ``work`` has finished.

    Several processes may do so in one work folder: each makes what no other is making, and waits
    for what it needs. Raises NotWritable.
    """
    prepare(work)
    course = Course.of(steps)
    while course.left:
        if not any(_tried(course, step) for step in course.ready()):
            time.sleep(PAUSE)
    return results(study, course, work)


def prepare(work: Path) -> None:
    """Make the folder. Raises NotWritable."""
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{work} cannot be written: {error.strerror}") from error


def results(study: Study, course: Course, work: Path) -> Results:
    """What came of a course, beside all else that ``work`` has finished."""
    others = {s.row.name: s.finished for s in plan(study, work) if s.finished}
    return Results(study, study.shown(others | course.finished), course.failed)


def attempt(row: Row, folder: Path, needed: Mapping[str, Finished]) -> Outcome:
    """Make a row here and now, unless another process is at it, or has finished it meanwhile."""
    try:
        folder.mkdir(exist_ok=True)
        with claimed(folder) as ours:
            return (read(folder) or _made(row, folder, needed)) if ours else None
    except FAILURES as error:
        return str(error).partition("\n")[0] or type(error).__name__


def _tried(course: Course, step: Step) -> bool:
    """Whether anything came of it."""
    outcome = attempt(step.row, step.folder, course.needed(step))
    course.note(step.row.name, outcome)
    return outcome is not None


def _made(row: Row, folder: Path, needed: Mapping[str, Finished]) -> Finished:
    started = time.perf_counter()
    measured = row.make(folder, needed)
    finished = write(folder, measured, time.perf_counter() - started)
    said(f"{row.name} took {duration(finished.seconds / 60)}")
    return finished

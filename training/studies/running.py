"""The rows of a plan, made one after the other; who fails does not stop who does not need them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_store.errors import ModelStoreError
from training.errors import NotWritable, TrainingError
from training.progress import said
from training.studies.finished import write
from training.studies.plan import Step, duration, plan
from training.studies.study import Finished, Study

FAILURES: Final = (TrainingError, ModelStoreError, OSError, RuntimeError)
"""What a row may fail of while others go on: its data, its settings, its disk, its device. Anything
else is a mistake of ours, and ends the study; what is finished stays."""


@dataclass(frozen=True, eq=False)
class Results:
    """A study as far as it has come."""

    study: Study
    finished: Mapping[str, Finished]
    failed: Mapping[str, str]
    """Why, by row."""


def run(study: Study, steps: Sequence[Step], work: Path) -> Results:
    """Make the steps that are not finished, in their order; then all that ``work`` has finished.

    Several processes may make different rows in one work folder. Raises NotWritable.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{work} cannot be written: {error.strerror}") from error
    done = {step.row.name: step.finished for step in steps if step.finished}
    failed: dict[str, str] = {}
    for step in steps:
        name, needs = step.row.name, step.row.needs
        missing = [needed for needed in needs if needed in failed]
        if missing:
            failed[name] = f"needs {', '.join(missing)}, which failed"
        elif name not in done:
            try:
                done[name] = _made(step, {needed: done[needed] for needed in needs})
            except FAILURES as error:
                failed[name] = str(error).partition("\n")[0] or type(error).__name__
        if name in failed:
            said(f"{name} failed: {failed[name]}")
    others = {s.row.name: s.finished for s in plan(study, work) if s.finished}
    return Results(study, others | done, failed)


def _made(step: Step, needed: Mapping[str, Finished]) -> Finished:
    started = time.perf_counter()
    step.folder.mkdir(exist_ok=True)
    measured = step.row.make(step.folder, needed)
    finished = write(step.folder, measured, time.perf_counter() - started)
    said(f"{step.row.name} took {duration(finished.seconds / 60)}")
    return finished

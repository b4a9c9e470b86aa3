"""The rows of a plan, several at once: a process a row, and a GPU a process where there are any."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from training.studies.claiming import claimed
from training.studies.course import Course, Outcome
from training.studies.finished import read
from training.studies.plan import Step
from training.studies.running import PAUSE, Results, attempt, prepare, results
from training.studies.study import Study

Origin = Callable[[], Study]
"""Builds the study anew, in another process: rows themselves cannot be sent there."""
SPAWN: Final = get_context("spawn")
THREADS: Final = "OMP_NUM_THREADS"
DEVICES: Final = "CUDA_VISIBLE_DEVICES"
SILENT: Final = {"TTY_COMPATIBLE": "0"}
"""No bars: those of several processes would be drawn over each other."""


@dataclass(frozen=True, eq=False)
class Pool:
    """How many rows are made at a time, and where."""

    origin: Origin
    jobs: int
    devices: Sequence[str] = ()
    """GPUs, as CUDA_VISIBLE_DEVICES names them; each process sees one of them."""


@dataclass(frozen=True, eq=False)
class Job:
    """A process that makes a row."""

    step: Step
    process: SpawnProcess
    answer: Connection
    device: str | None

    def outcome(self) -> Outcome:
        """What came of it, once the process has ended."""
        self.process.join()
        try:
            failed: str | None = self.answer.recv()
        except EOFError:
            return _died(self.process.exitcode)
        finally:
            self.answer.close()
        return failed or read(self.step.folder)


def run_at_once(pool: Pool, study: Study, steps: Sequence[Step], work: Path) -> Results:
    """As ``running.run``, several rows at a time.

    A process that dies takes but its own row with it. On a CPU the processes share the cores, and
    fewer threads add up in another order: with OMP_NUM_THREADS set, rows are the same to the bit.
    """
    prepare(work)
    course, running = Course.of(steps), dict[str, Job]()
    try:
        while course.left:
            for step in _startable(course, running, pool.jobs):
                running[step.row.name] = _started(pool, course, step, running)
            if running:
                wait([job.process.sentinel for job in running.values()])
            else:
                time.sleep(PAUSE)
            for name in [n for n, job in running.items() if job.process.exitcode is not None]:
                course.note(name, running.pop(name).outcome())
    finally:
        for job in running.values():
            job.process.terminate()
    return results(study, course, work)


def visible_devices() -> list[str]:
    """The GPUs that there are."""
    import torch

    count, named = torch.cuda.device_count(), os.environ.get(DEVICES)
    return named.split(",")[:count] if named else [str(device) for device in range(count)]


def _startable(course: Course, running: Mapping[str, Job], jobs: int) -> list[Step]:
    """As many as there is room for, without those that another command is making."""
    ready = [step for step in course.ready() if step.row.name not in running]
    return [step for step in ready if _is_free(step)][: jobs - len(running)]


def _is_free(step: Step) -> bool:
    try:
        with claimed(step.folder) as ours:
            return ours
    except OSError:  # not begun yet; or what is wrong with it is said where the row is made
        return True


def _started(pool: Pool, course: Course, step: Step, running: Mapping[str, Job]) -> Job:
    busy = Counter(job.device for job in running.values())
    device = min(pool.devices, key=lambda one: busy[one], default=None)
    ours, theirs = SPAWN.Pipe(duplex=False)
    folders = {name: finished.folder for name, finished in course.needed(step).items()}
    given = (pool.origin, step.row.name, step.folder, folders, theirs)
    process = SPAWN.Process(target=_make, args=given, daemon=True)
    threads = max(1, (os.cpu_count() or 1) // pool.jobs)
    there = {THREADS: str(threads), **os.environ, **SILENT}
    with _environment(there if device is None else {**there, DEVICES: device}):
        process.start()
    theirs.close()  # so that ours ends with the process
    return Job(step, process, ours, device)


def _make(
    origin: Origin, name: str, folder: Path, needed: Mapping[str, Path], answer: Connection
) -> None:
    """In a process of its own; the answer is why it failed, None where it did not."""
    made = {one: finished for one, path in needed.items() if (finished := read(path))}
    outcome = attempt(origin().row(name), folder, made)
    answer.send(outcome if isinstance(outcome, str) else None)


def _died(status: int | None) -> str:
    killed = ", killed: perhaps for want of memory" if status == -signal.SIGKILL else ""
    return f"its process ended with status {status}{killed}"


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """What processes that are started meanwhile find set."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

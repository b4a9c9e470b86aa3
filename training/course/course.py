"""One course in a folder, from its first step or its last checkpoint to its end.

The folder holds ``log.jsonl`` and what ``training.checkpoints`` puts there. A course that was cut
off goes on with the same rows and the same dice, to the same end.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, send_to_device
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from training.checkpoints import Checkpoints, Progress, digest_of
from training.course.lesson import Lesson
from training.course.pace import Pace
from training.data.ragged import Int64
from training.errors import Diverged, NotWritable
from training.progress import Bar, said

LOG: Final = "log.jsonl"
LOG_STEPS: Final = 20

Given = TypeVar("Given")
Validate = Callable[[], float]
"""What the model is worth as it stands; more is better."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How a course goes: it has terms of so many steps, the last of which may be shorter.

    At a term's end its mean loss is noted, the model validated, and all kept that going on needs;
    so it is every ``keep`` steps, too.
    """

    steps: int
    term: int
    keep: int
    optimizer: Optimizer
    rate: Callable[[int], float] = lambda step: 1.0
    """The share of the learning rate at a step."""
    gradient_norm: float | None = None


@dataclass(frozen=True)
class Mark:
    """A term's end: its mean loss, and what the model was worth then.

    Step 0 is the model as it came. None is what was not measured.
    """

    step: int
    loss: float | None
    worth: float | None


class Course(Generic[Given]):
    """``model(batch)`` is the loss of a lesson's batch."""

    def __init__(
        self,
        process: Accelerator,
        model: nn.Module,
        lesson: Lesson[Given],
        plan: Plan,
        folder: Path,
        identity: str,
        beside: Sequence[nn.Module] = (),
    ) -> None:
        """``identity`` tells courses apart that differ in more than the lesson and the weights that
        they begin with. Of what stands ``beside`` the weights that learn, all is kept with them.
        """
        self.process, self.lesson, self.plan, self.folder = process, lesson, plan, folder
        self.progress = Progress()
        start = digest_of(dict(model.named_parameters()))
        told = json.dumps([identity, lesson.digest(), start])
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()[:20]
        self.schedule = LambdaLR(plan.optimizer, plan.rate)
        self.model, self.optimizer = process.prepare(model, plan.optimizer)
        process.register_for_checkpointing(self.schedule, *beside)
        self.checkpoints = Checkpoints(folder, process, self.fingerprint)
        self.pace = Pace(plan.steps)

    @property
    def step(self) -> int:
        """How many are done."""
        return self.progress.epoch * self.plan.term + self.progress.step

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All terms' ends so far; of step 0 there is a mark if there is a choice."""
        progress, term = self.progress, self.plan.term
        before = [Mark(0, None, worth) for worth in progress.metrics[:1]]
        worths: list[float | None] = [*progress.metrics[1:]] or [None] * len(progress.losses)
        ended = [
            Mark(min(number * term, self.plan.steps), loss, worth)
            for number, (loss, worth) in enumerate(zip(progress.losses, worths, strict=True), 1)
        ]
        return (*before, *ended)

    @property
    def chosen(self) -> Mark:
        """The mark that is worth most, of equals the first; the last if none was validated."""
        trained = [mark for mark in self.marks if mark.step]
        best = self.progress.best
        return next((m for m in trained if best is not None and m.worth == best), trained[-1])

    def finish(
        self,
        begin: Callable[[], None] | None = None,
        validate: Validate | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> Progress:
        """Learn to the end. ``begin`` is called before the first step, but not after a pause, and
        ``watch`` after each step with the number of those done. With ``validate`` the weights of
        the term that is worth most are the model's afterwards, else the last.

        Raises BadRecipe for a folder that holds another run, NotWritable, Diverged.
        """
        make_folder(self.folder)
        resumed = self.checkpoints.resume()
        if resumed is not None:
            self.progress = resumed
        else:
            self._begin(begin, validate)
        with Bar("Learning", self.plan.steps, self.step) as bar:
            while self.step < self.plan.steps:
                self._term(bar, watch)
                self._end_term(validate)
        if validate is not None:
            self.checkpoints.load_best(self.process.unwrap_model(self.model))
        return self.progress

    def _begin(self, begin: Callable[[], None] | None, validate: Validate | None) -> None:
        if begin is not None:
            begin()
        if validate is not None:
            self._tell(Mark(0, None, self._worth(validate)))

    def _term(self, bar: Bar, watch: Callable[[int], None] | None) -> None:
        self.model.train()
        end = min(self.plan.steps, (self.progress.epoch + 1) * self.plan.term)
        while self.step < end:
            rows = self._own(self.lesson.rows(self.step))
            loss = self._learn(self.lesson.batch(rows, self.step))
            self._count(loss, len(rows) * self.process.num_processes, bar)
            if watch is not None and self.process.is_main_process:
                watch(self.step)
            if self.step % self.plan.keep == 0 and self.step < end:
                self.checkpoints.save(self.progress)

    def _own(self, rows: Int64) -> Int64:
        """This process's part; where there is none for it, the first one once more."""
        mine = rows[self.process.process_index :: self.process.num_processes]
        return mine if len(mine) else rows[:1]

    def _learn(self, batch: Given) -> float:
        given: Any = send_to_device(batch, self.process.device)
        with self.process.autocast():
            loss = self.model(given)
        self.optimizer.zero_grad()
        self.process.backward(loss)
        if self.plan.gradient_norm is not None:
            self.process.clip_grad_norm_(self.model.parameters(), self.plan.gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())

    def _count(self, loss: float, rows: int, bar: Bar) -> None:
        progress = self.progress
        if not math.isfinite(loss):
            raise Diverged(f"the loss is {loss} in step {self.step + 1}: lower learning_rate")
        self.progress = replace(progress, step=progress.step + 1, loss_sum=progress.loss_sum + loss)
        bar.step(f"loss {loss:.4f}")
        line = self.pace.met(self.step, rows)
        if line is not None:
            self._say(line)
        if self.step % LOG_STEPS == 0:
            self._report({"loss": loss})

    def _end_term(self, validate: Validate | None) -> None:
        progress, best = self.progress, self.progress.best
        step, mean = self.step, progress.loss_sum / progress.step
        worth = None if validate is None else self._worth(validate)
        better = worth is not None and (best is None or worth > best)
        self.progress = replace(
            self.progress,
            epoch=progress.epoch + 1,
            step=0,
            loss_sum=0.0,
            losses=[*progress.losses, mean],
            best=worth if better else best,
        )
        self._tell(Mark(step, mean, worth))
        if better:
            self.checkpoints.save_best(self.process.unwrap_model(self.model))
        self.checkpoints.save(self.progress)

    def _worth(self, validate: Validate) -> float:
        """By the main process, for all of them."""
        found = [validate() if self.process.is_main_process else None]
        broadcast_object_list(found)
        (worth,) = found
        assert worth is not None
        self.progress = replace(self.progress, metrics=[*self.progress.metrics, worth])
        return worth

    def _tell(self, mark: Mark) -> None:
        rate = {"texts_per_second": round(self.pace.rate(), 1)} if mark.step else {}
        self._report({"mean_loss": mark.loss, "worth": mark.worth, **rate}, mark.step)
        loss = "" if mark.loss is None else f", loss {mark.loss:.4f}"
        worth = "" if mark.worth is None else f", worth {mark.worth:.4f}"
        self._say(f"step {mark.step:,}{loss}{worth}")

    def _say(self, line: str) -> None:
        if self.process.is_main_process:
            said(line)

    def _report(self, values: dict[str, float | None], step: int | None = None) -> None:
        if self.process.is_main_process:
            where = {"step": self.step if step is None else step}
            with (self.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(where | values) + "\n")


def make_folder(folder: Path) -> None:
    """A run's folder, before anything is loaded. Raises NotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from error

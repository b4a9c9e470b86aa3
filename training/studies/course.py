"""How far the rows of a plan have come: which may be made now, and which never will be."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.progress import said
from training.studies.plan import Step
from training.studies.study import Finished

Outcome = Finished | str | None
"""What came of a row: it is finished; why it failed; or None while another process makes it."""


@dataclass(eq=False)
class Course:
    """The steps of a plan by row, in their order."""

    left: dict[str, Step]
    finished: dict[str, Finished]
    failed: dict[str, str]
    """Why, by row."""

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "Course":
        """What is finished already is not left."""
        return cls(
            left={step.row.name: step for step in steps if not step.finished},
            finished={step.row.name: step.finished for step in steps if step.finished},
            failed={},
        )

    def ready(self) -> list[Step]:
        """Those left whose needs are finished."""
        return [s for s in self.left.values() if all(n in self.finished for n in s.row.needs)]

    def needed(self, step: Step) -> dict[str, Finished]:
        """What a ready step is made from."""
        return {name: self.finished[name] for name in step.row.needs}

    def note(self, name: str, outcome: Outcome) -> None:
        """Take a row's outcome in; who needs a failed row fails with it, and all is said."""
        if outcome is None:
            return
        step = self.left.pop(name)
        if isinstance(outcome, Finished):
            self.finished[name] = outcome
            return
        self.failed[name] = outcome
        said(f"{name} failed: {outcome}")
        for other in [s.row for s in self.left.values() if step.row.name in s.row.needs]:
            if other.name in self.left:
                self.note(other.name, f"needs {name}, which failed")

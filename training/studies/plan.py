"""In which order a study's rows are made, what is made already, and how long the rest will take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from training.errors import BadRecipe
from training.studies.finished import fingerprint, folder_of, read
from training.studies.study import Finished, Row, Study


@dataclass(frozen=True, eq=False)
class Step:
    """A row, where it is made, and what came of it if it is made already."""

    row: Row
    folder: Path
    finished: Finished | None

    @property
    def minutes(self) -> float:
        """What is still expected of it."""
        return 0.0 if self.finished else self.row.minutes


def plan(study: Study, work: Path, chosen: Sequence[str] = ()) -> list[Step]:
    """The rows that are chosen (all, if none is) and those that they need, each behind its needs.

    Reads the inputs, and writes nothing. Raises BadRecipe for a row that the study has not, and
    UnreadableData.
    """
    there = [row.name for row in study.rows]
    for name in chosen:
        if name not in there:
            raise BadRecipe(f"{study.name} has no row {name}: {', '.join(there)}")
    fingerprints: dict[str, str] = {}
    steps = []
    for row in in_order(study, chosen or there):
        mark = fingerprint(study.name, row, [fingerprints[name] for name in row.needs])
        fingerprints[row.name] = mark
        folder = folder_of(work, row, mark)
        steps.append(Step(row, folder, read(folder)))
    return steps


def in_order(study: Study, chosen: Sequence[str]) -> Iterator[Row]:
    """The chosen rows and all that they need, each once, behind what it needs.

    Raises ValueError for rows that need each other in a circle.
    """
    done: set[str] = set()

    def before(name: str, asked_by: tuple[str, ...]) -> Iterator[Row]:
        if name in asked_by:
            raise ValueError(f"rows need each other: {' → '.join([*asked_by, name])}")
        row = study.row(name)
        for needed in row.needs:
            yield from before(needed, (*asked_by, name))
        if name not in done:
            done.add(name)
            yield row

    for name in chosen:
        yield from before(name, ())


def shown(study: Study, steps: Sequence[Step]) -> Table:
    """The plan, for a person to look at before it begins."""
    total = sum(step.minutes for step in steps)
    caption = f"about {duration(total)} to go" if total else "nothing is left to do"
    table = Table(title=study.paper.title, caption=caption, box=None)
    table.add_column("row", no_wrap=True)  # to be copied
    table.add_column()
    table.add_column("needs", overflow="fold")
    table.add_column("expected", justify="right")
    for step in steps:
        took = step.finished and f"done, took {duration(step.finished.seconds / 60)}"
        expected = took or f"about {duration(step.row.minutes)}"
        table.add_row(step.row.name, step.row.title, ", ".join(step.row.needs), expected)
    return table


def duration(minutes: float) -> str:
    """As people say it: 40 s, 12 min, 3.5 h."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"

"""Studies of a few numbers, which are made in no time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from training.errors import BadRecipe
from training.studies.findings import Finding
from training.studies.study import (
    Column,
    Draw,
    Finished,
    Make,
    Measured,
    Paper,
    Row,
    Sample,
    Show,
    Study,
    as_made,
)

COLUMN = Column("auc", "AUC", "All readers")


def sample(values: Sequence[float], units: Sequence[int] | None = None) -> Sample:
    """Each value of a unit of its own, if units are left out."""
    unit_I = range(len(values)) if units is None else units
    return Sample(np.array(values, np.float64), np.array(unit_I, np.int64))


def finished(**columns: Sample) -> Finished:
    """A row that was made some day."""
    return Finished(Path(), Measured(columns), 1.0, "2026-11-22")


def row(
    name: str,
    needs: Sequence[str] = (),
    *,
    make: Make | None = None,
    quoted: Mapping[str, str] | None = None,
    inputs: Sequence[Path] = (),
    **settings: int,
) -> Row:
    """A row whose values are given by its name's length, if ``make`` is left out."""

    def ordinary(folder: Path, made: Mapping[str, Finished]) -> Measured:
        assert set(made) == set(needs)
        return Measured({"auc": sample([len(name), 0.5, 0.25])}, {"needed": sorted(made)})

    return Row(
        name=name,
        title=name.upper(),
        make=make or ordinary,
        decided_by=settings,
        inputs=tuple(inputs),
        needs=tuple(needs),
        minutes=10,
        quoted=quoted or {},
    )


def study_of(
    *rows: Row,
    findings: Sequence[Finding] = (),
    plots: Sequence[Draw] = (),
    quoted_from: str = "",
    shown: Show = as_made,
) -> Study:
    """A study of these rows, with one column."""
    paper = Paper("A paper", "its own data", quoted_from)
    facts = {"scale": "small"}
    return Study("toy", paper, rows, (COLUMN,), tuple(findings), tuple(plots), shown, facts)


def failing(reason: str) -> Make:
    """What a row does whose data are wrong."""

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        raise BadRecipe(reason)

    return make


def counting(done: list[str], name: str) -> Callable[[Path, Mapping[str, Finished]], Measured]:
    """A row that leaves its name in a list each time that it is made."""

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        done.append(name)
        return Measured({"auc": sample([1.0, 0.0])})

    return make

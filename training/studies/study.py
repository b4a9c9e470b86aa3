"""What a study is: a paper's table, to be made again on other data.

A row is a system, a column is a metric on some impressions. A cell is a mean with its standard
error, and the single values behind it are kept, since rows are compared in pairs. The paper's own
numbers are text: nothing is ever computed from them, and they stand in columns of their own.

Shapes: I measured units, such as impressions or sentences.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from model_store.estimates import Estimate

if TYPE_CHECKING:
    from training.studies.findings import Finding

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """What a cell is the mean of."""

    values_I: Float64
    unit_I: Int64
    """Whose each value is, as a number. Units are drawn whole in comparisons: all impressions of
    a reader, or a sentence."""

    @property
    def estimate(self) -> Estimate:
        """The mean; its standard error takes the values as independent."""
        return Estimate.of(self.values_I)


@dataclass(frozen=True, eq=False)
class Measured:
    """What came of a row."""

    samples: Mapping[str, Sample]
    """By column."""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    """For people."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """By column, those that are no means: minutes, bytes, parameters."""


@dataclass(frozen=True, eq=False)
class Finished:
    """A row that is made, and the folder that it was made in."""

    folder: Path
    measured: Measured
    seconds: float
    day: str
    """When it was made: 2026-11-22."""


Made = Mapping[str, Finished]
"""Rows that are made, by name."""
Make = Callable[[Path, Made], Measured]
"""Makes a row in its folder, from the rows that it needs. What was cut off goes on there."""


@dataclass(frozen=True, eq=False)
class Row:
    """A system of the table."""

    name: str
    """As on the command line, and as its folder is called."""
    title: str
    make: Make
    decided_by: Mapping[str, JsonValue]
    """Every setting that its outcome depends on."""
    inputs: tuple[Path, ...] = ()
    """Files and folders that its outcome depends on, too."""
    needs: tuple[str, ...] = ()
    """Rows that are made before."""
    minutes: float = 1.0
    """How long it is expected to take on the hardware of its scale."""
    quoted: Mapping[str, str] = field(default_factory=dict)
    """The paper's own numbers, word for word, by the paper's columns."""


@dataclass(frozen=True)
class Column:
    """A metric; columns of one section stand in one table."""

    name: str
    title: str
    section: str


@dataclass(frozen=True)
class Picture:
    """A plot under a heading, and what it shows in words, for those who do not see it."""

    heading: str
    said: str
    svg: str


Show = Callable[[Made], Made]
"""The finished rows as they are reported, by name: with cells that are worked out of those that
were kept, so that rows that were made earlier have them, too."""


def as_made(rows: Made) -> Made:
    """With what was kept, and no more."""
    return rows


Draw = Callable[[Made], Picture | None]
"""A plot of the rows that are finished, by name; None as long as there is nothing to draw."""


@dataclass(frozen=True)
class Paper:
    """Whose table it is."""

    title: str
    data: str
    """What the paper's own numbers were measured on, which is not what ours are."""
    quoted_from: str = ""
    """The table that they are quoted from; empty where none was at hand."""


@dataclass(frozen=True, eq=False)
class Study:
    """A table to be made."""

    name: str
    paper: Paper
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    findings: tuple["Finding", ...] = ()
    plots: tuple[Draw, ...] = ()
    shown: Show = as_made
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a reader of the table has to know: the data, the scale, what was left out."""

    def row(self, name: str) -> Row:
        """Raises KeyError where there is none of that name."""
        return {row.name: row for row in self.rows}[name]

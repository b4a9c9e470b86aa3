"""What a course learns from: the rows of each step, and what a step over them is given."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

import numpy as np

from training.data.ragged import Int64

Rng = np.random.Generator
Given = TypeVar("Given", covariant=True)


class Lesson(Protocol[Given]):
    """Batches by step. All chance in a step comes from its number, so that it is the same after a
    pause.
    """

    def rows(self, step: int) -> Int64:
        """The rows of a step, from 0 on; of several processes each takes its part."""

    def batch(self, rows: Int64, step: int) -> Given:
        """What a step over some of its rows is given."""

    def digest(self) -> str:
        """Another one for other texts."""


class Known(Protocol[Given]):
    """Rows that stand in no order."""

    def __len__(self) -> int: ...

    def batch(self, rows: Int64, rng: Rng) -> Given:
        """What a step over the rows is given; ``rng`` draws whatever is drawn."""

    def digest(self) -> str:
        """Another one for other texts."""


@dataclass(frozen=True, eq=False)
class Shuffled(Generic[Given]):
    """A lesson of each row once an epoch, so many a step, in an order that the seed decides."""

    known: Known[Given]
    rows_of_step: int
    seed: int

    @property
    def steps(self) -> int:
        """Of an epoch; the last may have fewer rows."""
        return steps_of_epoch(len(self.known), self.rows_of_step)

    def rows(self, step: int) -> Int64:
        """See ``Lesson``."""
        epoch, place = divmod(step, self.steps)
        first = place * self.rows_of_step
        return _order(len(self.known), epoch, self.seed)[first : first + self.rows_of_step]

    def batch(self, rows: Int64, step: int) -> Given:
        """See ``Lesson``."""
        epoch, place = divmod(step, self.steps)
        return self.known.batch(rows, np.random.default_rng([self.seed, epoch, place]))

    def digest(self) -> str:
        """See ``Lesson``."""
        return self.known.digest()


def steps_of_epoch(rows: int, rows_of_step: int) -> int:
    """How many steps an epoch takes; the last may have fewer rows."""
    return -(-rows // rows_of_step)


@lru_cache(maxsize=1)
def _order(count: int, epoch: int, seed: int) -> Int64:
    return np.random.default_rng([seed, epoch]).permutation(count)

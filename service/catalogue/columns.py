"""The columns that filters read, one value a row, growing in steps.

Shapes: R rows, D dimensions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.catalogue.entry import Entry
from service.catalogue.sealed import Sealed
from service.domain.filters import Filters
from service.ports import Mask

FIRST_CAPACITY: Final = 1024
NONE: Final = -1
"""The code of a missing value: no filter on values admits it."""

Scalar = TypeVar("Scalar", bound=np.generic)


class Labels:
    """A column of strings, kept as small integers."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._column_R = np.empty(FIRST_CAPACITY, np.int32)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.int32]:
        return self._column_R[rows]

    def __len__(self) -> int:
        """How many values there are: codes are below this."""
        return len(self._codes)

    def code(self, value: str | None) -> int:
        """The value's code; ``NONE`` for none, and for one that no row has."""
        return NONE if value is None else self._codes.get(value, NONE)

    def table(self, values: Mapping[str, float], default: float) -> NDArray[np.float64]:
        """A number for every code, to be indexed by codes; ``default`` also for ``NONE``."""
        table = np.full(len(self._codes) + 1, default)
        for value, number in values.items():
            code = self._codes.get(value)
            if code is not None:
                table[code] = number
        return table

    def set(self, row: int, value: str | None) -> None:
        """Write one row."""
        self._column_R = grown(self._column_R, row)
        code = NONE if value is None else self._codes.setdefault(value, len(self._codes))
        self._column_R[row] = code

    def lay(self, codes_N: NDArray[np.int32], values: Sequence[str]) -> NDArray[np.int32]:
        """The codes of rows whose places in ``values`` are given; -1 for none."""
        table = [self._codes.setdefault(value, len(self._codes)) for value in values]
        return np.array([*table, NONE], np.int32)[codes_N]

    def start(self, column_S: NDArray[np.int32]) -> None:
        """Write the first rows, in codes."""
        self._column_R = grown(column_S, len(column_S) + FIRST_CAPACITY)

    def counts(self, rows: NDArray[np.int64]) -> list[tuple[str, int]]:
        """How often each value stands in ``rows``, the most frequent first, then by name."""
        codes_N = self._column_R[rows]
        counted = np.bincount(codes_N[codes_N != NONE], minlength=len(self)).tolist()
        named = [(value, counted[code]) for value, code in self._codes.items() if counted[code]]
        return sorted(named, key=lambda one: (-one[1], one[0]))

    def among(self, values: Iterable[str], rows: slice | NDArray[np.int64]) -> Mask:
        """Which rows hold one of ``values``."""
        table = self.table(dict.fromkeys(values, 1.0), 0.0).astype(np.bool_)
        mask_R: Mask = table[self._column_R[rows]]
        return mask_R


class Columns:
    """All filter columns."""

    def __init__(self) -> None:
        self.languages, self.categories = Labels(), Labels()
        self.sources, self.authors = Labels(), Labels()
        self.published_R = np.empty(FIRST_CAPACITY, np.float64)
        self.ingested_R = np.empty(FIRST_CAPACITY, np.float64)

    @classmethod
    def of(cls, sealed: Sealed) -> "Columns":
        """The columns of a generation's rows."""
        columns = cls()
        if not len(sealed):
            return columns
        for labels, name in (
            (columns.languages, "language"),
            (columns.categories, "category"),
            (columns.sources, "source"),
            (columns.authors, "author"),
        ):
            labels.start(
                np.concatenate(
                    [labels.lay(s.rows_N[name], s.labels[name]) for s in sealed.segments]
                )
            )
        room = len(sealed) + FIRST_CAPACITY
        columns.published_R = grown(sealed.column("published"), room)
        columns.ingested_R = grown(sealed.column("ingested"), room)
        return columns

    def set(self, row: int, entry: Entry) -> None:
        """Write one row."""
        self.languages.set(row, entry.language)
        self.categories.set(row, entry.category)
        self.sources.set(row, entry.source)
        self.authors.set(row, entry.author)
        self.published_R = grown(self.published_R, row)
        self.published_R[row] = entry.published
        self.ingested_R = grown(self.ingested_R, row)
        self.ingested_R[row] = entry.ingested

    def mask(self, filters: Filters, count: int) -> Mask:
        """Which of the first ``count`` rows pass every filter."""
        rows = slice(0, count)
        mask_R = np.ones(count, np.bool_)
        for column, wanted, refused in (
            (self.languages, filters.languages, filters.exclude_languages),
            (self.categories, filters.categories, filters.exclude_categories),
            (self.sources, filters.sources, filters.exclude_sources),
        ):
            if wanted is not None:
                mask_R &= column.among(wanted, rows)
            if refused:
                mask_R &= ~column.among(refused, rows)
        published_R = self.published_R[rows]
        if filters.published_after is not None:
            mask_R &= published_R >= _seconds(filters.published_after)
        if filters.published_before is not None:
            mask_R &= published_R < _seconds(filters.published_before)
        return mask_R


def grown(column: NDArray[Scalar], row: int) -> NDArray[Scalar]:
    """The column itself, or a copy a quarter longer if ``row`` lies beyond its end."""
    if row < len(column):
        return column
    length = max(len(column) + max(len(column) // 4, FIRST_CAPACITY), row + 1)
    longer = np.empty((length, *column.shape[1:]), column.dtype)
    longer[: len(column)] = column
    return longer


def _seconds(moment: datetime) -> float:
    return moment.timestamp()

"""The columns that filters read, one value a row, growing by doubling.

Shapes: R rows, D dimensions.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.catalogue.entry import Entry
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
    """The column itself, or a copy of twice its length if ``row`` lies beyond its end."""
    if row < len(column):
        return column
    longer = np.empty((max(2 * len(column), row + 1), *column.shape[1:]), column.dtype)
    longer[: len(column)] = column
    return longer


def _seconds(moment: datetime) -> float:
    return moment.timestamp()

"""The columns that filters read, one value a row, growing by doubling.

Shapes: R rows, D dimensions.
"""

from datetime import datetime
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

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

    def __getitem__(self, rows: slice) -> NDArray[np.int32]:
        return self._column_R[rows]

    def set(self, row: int, value: str | None) -> None:
        """Write one row."""
        self._column_R = grown(self._column_R, row)
        code = NONE if value is None else self._codes.setdefault(value, len(self._codes))
        self._column_R[row] = code

    def among(self, values: list[str], rows: slice) -> Mask:
        """Which rows hold one of ``values``."""
        codes = [self._codes[value] for value in values if value in self._codes]
        mask_R: Mask = np.isin(self._column_R[rows], codes)
        return mask_R


class Columns:
    """All filter columns."""

    def __init__(self) -> None:
        self.languages, self.categories, self.sources = Labels(), Labels(), Labels()
        self.published_R = np.empty(FIRST_CAPACITY, np.float64)

    def set(
        self,
        row: int,
        language: str | None,
        category: str | None,
        source: str | None,
        published: float,
    ) -> None:
        """Write one row; ``published`` in seconds since 1970."""
        self.languages.set(row, language)
        self.categories.set(row, category)
        self.sources.set(row, source)
        self.published_R = grown(self.published_R, row)
        self.published_R[row] = published

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

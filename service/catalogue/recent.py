"""The rows published last, kept in order, so that asking for the newest reads no more than these.

Shapes: N rows.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.ports import RowIds

KEPT: Final = 4_096


class Recent:
    """The newest ``KEPT`` rows, live or not, of those that were there and all that are added."""

    def __init__(self, rows_N: RowIds, published_N: NDArray[np.float64]) -> None:
        self._rows_N = newest_first(rows_N, published_N, KEPT)
        self._published_N = published_N[np.searchsorted(rows_N, self._rows_N)]
        self._added: list[tuple[int, float]] = []
        self.complete = len(rows_N) <= KEPT
        """Whether no row has ever been left out."""

    def add(self, row: int, published: float) -> None:
        """Add a row; ``published`` in seconds since 1970."""
        self._added.append((row, published))
        if len(self._added) >= KEPT:
            self._merge()

    def rows(self) -> RowIds:
        """The rows, the newest first; of equal times, the later row first."""
        if self._added:
            self._merge()
        return self._rows_N

    def _merge(self) -> None:
        rows, published = zip(*self._added, strict=True)
        rows_N = np.concatenate([self._rows_N, np.array(rows, np.int64)])
        published_N = np.concatenate([self._published_N, np.array(published, np.float64)])
        order = np.lexsort((-rows_N, -published_N))[:KEPT]
        self.complete = self.complete and len(rows_N) <= KEPT
        self._rows_N, self._published_N = rows_N[order], published_N[order]
        self._added = []


def newest_first(rows_N: RowIds, published_N: NDArray[np.float64], limit: int) -> RowIds:
    """The ``limit`` rows published last, the newest first; of equal times, the later row first."""
    if len(rows_N) > limit:
        oldest = np.partition(published_N, len(rows_N) - limit)[len(rows_N) - limit]
        among = published_N >= oldest
        rows_N, published_N = rows_N[among], published_N[among]
    return rows_N[np.lexsort((-rows_N, -published_N))][:limit]

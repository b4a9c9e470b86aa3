"""The rows that are read most, found once for each change of the counters or the catalogue.

Shapes: R rows, N hot rows.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue
from service.catalogue.columns import grown
from service.domain.fields import ArticleId
from service.domain.popularity import NO_HEAT, Heat
from service.ports import RowIds

KEPT: Final = 5_000
"""The hottest articles; what is read less counts as not read."""
Float64 = NDArray[np.float64]


class HotRows:
    """Remembers the rows of the last heat that it was asked for."""

    def __init__(self) -> None:
        self._heat, self._layout, self._written = NO_HEAT, -1, 0
        self._row_of: dict[ArticleId, int] = {}
        self._heat_R: Float64 = np.zeros(1)
        self._rows_N: RowIds | None = None

    def of(self, catalogue: Catalogue, heat: Heat) -> tuple[RowIds, Float64]:
        """The rows of the hottest articles and their heat, the hottest first. A row may have died
        since: ask ``allowed``.
        """
        heat_R = self.by_row(catalogue, heat)
        if self._rows_N is None:
            rows_N = np.flatnonzero(heat_R)
            self._rows_N = rows_N[np.argsort(-heat_R[rows_N], kind="stable")]
        return self._rows_N, heat_R[self._rows_N]

    def by_row(self, catalogue: Catalogue, heat: Heat) -> Float64:
        """The heat of every row (R,), to be indexed by rows."""
        if heat is not self._heat or catalogue.layout != self._layout:
            if catalogue.layout != self._layout:
                self._row_of = {}
            self._heat, self._layout = heat, catalogue.layout
            self._heat_R = np.zeros(catalogue.rows_written + 1)
            hottest = heat.hottest[:KEPT]
            rows_K = self._rows_of(catalogue, hottest)
            self._heat_R[rows_K[rows_K >= 0]] = heat.of(hottest)[rows_K >= 0]
            self._rows_N, self._written = None, catalogue.rows_written
        elif catalogue.rows_written > self._written:
            self._add(catalogue, np.arange(self._written, catalogue.rows_written))
        return self._heat_R

    def _rows_of(self, catalogue: Catalogue, hottest: Sequence[ArticleId]) -> RowIds:
        """The hottest articles' rows, -1 for one that is not live. Most are those of last time."""
        row_of = self._row_of
        rows_K = np.array([row_of.get(article_id, -1) for article_id in hottest], np.int64)
        old_K = (rows_K < 0) | ~catalogue.alive(rows_K)
        rows_K[old_K] = catalogue.find([hottest[k] for k in np.flatnonzero(old_K).tolist()])
        self._row_of = dict(zip(hottest, rows_K.tolist(), strict=True))
        return rows_K

    def _add(self, catalogue: Catalogue, rows: RowIds) -> None:
        """Learn of rows written since; an article that changed has left its old row."""
        had = len(self._heat_R)
        self._heat_R = grown(self._heat_R, catalogue.rows_written)
        self._heat_R[had:] = 0.0
        self._heat_R[rows] = self._heat.of(catalogue.ids(rows))
        self._rows_N, self._written = None, catalogue.rows_written

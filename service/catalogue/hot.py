"""The rows that are read most, found once for each change of the counters or the catalogue."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue, RowIds
from service.domain.popularity import NO_HEAT, Heat

KEPT: Final = 2_000


class HotRows:
    """Remembers the rows of the last heat that it was asked for."""

    def __init__(self) -> None:
        self._heat = NO_HEAT
        self._written = (-1, -1)
        self._rows = np.empty(0, np.int64)
        self._values = np.empty(0)

    def of(self, catalogue: Catalogue, heat: Heat) -> tuple[RowIds, NDArray[np.float64]]:
        """The rows of the hottest articles that were live a moment ago, and their heat, the
        hottest first. A row may have died since: ask ``allowed``.
        """
        written = (catalogue.layout, catalogue.rows_written)
        if heat is not self._heat or written != self._written:
            live = [a for a in heat.hottest if a in catalogue][:KEPT]
            self._rows, self._values = catalogue.rows(live), heat.of(live)
            self._heat, self._written = heat, written
        return self._rows, self._values

"""The newest rows that few readers have seen, found once for each change of what is counted."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue
from service.domain.popularity import Exposure
from service.ports import RowIds

LOOKED_THROUGH: Final = 1_000
"""So many of the newest rows are looked through."""
Float64 = NDArray[np.float64]


class RareRows:
    """Remembers what it last found."""

    def __init__(self) -> None:
        self._exposure: Exposure | None = None
        self._state = (-1, -1, -1)
        self._found = np.empty(0, np.int64), np.empty(0), np.empty(0)

    def of(
        self, catalogue: Catalogue, exposure: Exposure, impressions: int
    ) -> tuple[RowIds, Float64, Float64]:
        """Rows shown fewer than ``impressions`` times, the newest first, with their clicks and
        impressions. A row may have died since: ask ``allowed``.
        """
        state = (catalogue.layout, catalogue.rows_written, impressions)
        if exposure is not self._exposure or state != self._state:
            rows = catalogue.newest(LOOKED_THROUGH, catalogue.allowed(None, []))
            clicks, seen = exposure.of(catalogue.ids(rows))
            rare = seen < impressions
            self._found = rows[rare], clicks[rare], seen[rare]
            self._exposure, self._state = exposure, state
        return self._found

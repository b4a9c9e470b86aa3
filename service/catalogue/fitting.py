"""The first rows that fit, of many: most requests find them among the very first.

Shapes: N rows.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.ports import Mask, RowIds

LOOKED_AT_FIRST: Final = 8
"""So many times as many rows as are wanted; all of them only where these do not do."""


def first_fitting(rows_N: RowIds, limit: int, fit: Callable[[RowIds], Mask]) -> NDArray[np.int64]:
    """Where the first ``limit`` rows that ``fit`` stand in ``rows_N``."""
    head = rows_N[: LOOKED_AT_FIRST * limit]
    found = fit(head).nonzero()[0]
    if len(found) < limit and len(head) < len(rows_N):
        found = fit(rows_N).nonzero()[0]
    return found[:limit]

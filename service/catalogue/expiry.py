"""Which rows expire next: the sealed ones in an order found once, those that came since in a heap.

Shapes: S rows.
"""

import heapq

import numpy as np
from numpy.typing import NDArray


class Expiry:
    """Times in seconds since 1970."""

    def __init__(self, expires_S: NDArray[np.float64]) -> None:
        self._order_S = np.argsort(expires_S, kind="stable").astype(np.int32)
        self._expires_S = expires_S[self._order_S]
        self._passed = 0
        self._heap: list[tuple[float, int]] = []

    def add(self, row: int, expires: float) -> None:
        """Add a row."""
        heapq.heappush(self._heap, (expires, row))

    def due(self, now: float) -> list[int]:
        """The rows whose time is up, each once."""
        rows: list[int] = []
        if self._passed < len(self._expires_S) and self._expires_S[self._passed] <= now:
            passed = int(np.searchsorted(self._expires_S, now, "right"))
            rows += self._order_S[self._passed : passed].tolist()
            self._passed = passed
        while self._heap and self._heap[0][0] <= now:
            rows.append(heapq.heappop(self._heap)[1])
        return rows

"""How fast a course goes, and how long the rest of it will take."""

import time
from datetime import timedelta
from typing import Final

WARM_UP: Final = 6
"""So many steps tell how long the rest will take; the first one is not counted."""


class Pace:
    """Of this process, since it began."""

    def __init__(self, steps: int) -> None:
        """``steps`` are those of the whole course."""
        self.steps = steps
        self._rows, self._since = 0, time.perf_counter()
        self._first: list[float] = []

    def met(self, step: int, rows: int) -> str | None:
        """So many steps are done, the last of them over so many rows. Once, after a few, a line
        that says how long the rest will take.
        """
        self._rows += rows
        if len(self._first) == WARM_UP:
            return None
        self._first.append(time.perf_counter())
        if len(self._first) < WARM_UP:
            return None
        seconds = (self._first[-1] - self._first[0]) / (WARM_UP - 1)
        more = self.steps - step
        left = timedelta(seconds=round(more * seconds))
        return f"{seconds:.2f} s a step: {more:,} more will take about {left}"

    def rate(self) -> float:
        """Rows a second since this was last asked."""
        rows, since = self._rows, self._since
        self._rows, self._since = 0, time.perf_counter()
        return rows / (self._since - since)

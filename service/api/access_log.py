"""A line in the log for a request that failed or was slow.

Metrics count every request; a line for each would cost more than many a request does, and say
nothing new. What is worth a line comes in crowds when something breaks, so there are so many lines
a second at most; the next one after that is led by how many more there were.
"""

import logging
import time
from typing import Final

from service.logs import fields
from service.pipeline.stages import Stages

SLOW_SECONDS: Final = 1.0
LINES_A_SECOND: Final = 10
FAILED: Final = 500
_log = logging.getLogger(__name__)


class AccessLog:
    """Of one process."""

    def __init__(self) -> None:
        self._second, self._written, self._left_out = 0, 0, 0

    def tell(self, method: str, route: str, status: int, seconds: float, stages: Stages) -> None:
        """Write a line if the request, by its ``route``'s template, is worth one. What waits to be
        encoded is not slow: clients say how long it may.
        """
        failed = status >= FAILED or not status
        slow = seconds - stages.milliseconds.get("encode", 0.0) / 1000 > SLOW_SECONDS
        if (failed or slow) and self._may():
            told = fields(
                method=method,
                route=route,
                status=status,
                milliseconds=1000 * seconds,
                stages=stages.milliseconds,
            )
            answered = method, route, status or "not", seconds
            _log.warning("%s %s was answered %s after %.3f s", *answered, extra=told)

    def _may(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            if self._left_out:
                _log.warning("%d more requests failed or were slow", self._left_out)
            self._second, self._written, self._left_out = second, 0, 0
        self._written += 1
        if self._written > LINES_A_SECOND:
            self._left_out += 1
        return self._written <= LINES_A_SECOND

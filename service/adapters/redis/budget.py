"""A time-out that counts only time in which the event loop could have seen the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

TICKS: Final = 4


@asynccontextmanager
async def budget(seconds: float) -> AsyncIterator[None]:
    """Cancel the block after ``seconds`` and raise TimeoutError.

    The time runs in four ticks, each set when the one before went off: a loop that was busy for
    longer than a tick loses that one tick, and has the others left to take in what arrived
    meanwhile. So the block may last longer than ``seconds``, by how long the loop was busy.
    """
    async with asyncio.timeout(None) as time_out:
        ticks = _Ticks(time_out, seconds / TICKS)
        try:
            yield
        finally:
            ticks.stop()


class _Ticks:
    """Ends a time-out after so many ticks."""

    def __init__(self, time_out: asyncio.Timeout, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._time_out = time_out
        self._seconds = seconds
        self._left = TICKS
        self._next = self._loop.call_later(seconds, self._tick)

    def stop(self) -> None:
        """No more ticks."""
        self._next.cancel()

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._next = self._loop.call_later(self._seconds, self._tick)
        else:
            self._time_out.reschedule(self._loop.time())

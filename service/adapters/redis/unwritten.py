"""Lists that were served and are not yet in Redis: they are written a moment later, together."""

import asyncio
import time
from collections import deque
from typing import Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.served_lists import written
from service.domain.fields import UserId
from service.domain.served import ServedList

SERVED_KEPT: Final = 20
SERVED_LIVE_MS: Final = 7 * 86_400_000
UNWRITTEN_KEPT: Final = 10_000
UNWRITTEN_LIVE_MS: Final = 600_000
"""Less than ``readers.ERASED_LIVE_MS``: a list that waits longer is forgotten; none outlives an
erasure.
"""


class Unwritten:
    """What one process has served. Where the store is away for long, the oldest are forgotten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lists: deque[tuple[UserId, int, str, str]] = deque(maxlen=UNWRITTEN_KEPT)
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many lists are not yet written."""
        return len(self._lists)

    def add(self, user_id: UserId, served: ServedList) -> None:
        """Have the list written by the next ``flush``. Never waits."""
        entry = (user_id, served.moment_ms, served.recommendation_id, written(served))
        self._lists.append(entry)

    async def flush(self) -> None:
        """Write the lists that were served since the last time. Raises Unavailable, and then they
        are written next time.
        """
        async with self._writing:  # who waits here finds what was being written, written
            if self._lists:
                await self._write()

    async def _write(self) -> None:
        lists = list(self._lists)
        self._lists.clear()
        now_ms = int(time.time() * 1000)
        written_late = now_ms - UNWRITTEN_LIVE_MS
        try:
            await self._connection.call_all(
                [
                    (
                        "remember_served",
                        [keys.served(user_id), keys.erased(keys.partition(user_id))],
                        [SERVED_KEPT, SERVED_LIVE_MS, now_ms, recommendation_id, text],
                    )
                    for user_id, moment_ms, recommendation_id, text in lists
                    if moment_ms > written_late
                ]
            )
        except BaseException:
            self._lists = deque([*lists, *self._lists], UNWRITTEN_KEPT)
            raise

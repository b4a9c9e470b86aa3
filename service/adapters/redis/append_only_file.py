"""The append-only file of a server that is ours: rewritten after erasures.

An erased reader is gone from every key at once, but the file still tells how the keys came about
and went, until it is rewritten from what is stored.
"""

import asyncio
import logging
from typing import Any, Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.terms import WRITE

AT_MOST_EVERY_MS: Final = 300_000
REMEMBERED_SECONDS: Final = 7 * 86_400
LOOK_AGAIN_SECONDS: Final = 0.2
_log = logging.getLogger(__name__)


class AppendOnlyFile:
    """Rewrites the file of one server, whichever process of several asks."""

    def __init__(self, connection: Connection, at_most_every_ms: int = AT_MOST_EVERY_MS) -> None:
        self._connection = connection
        self._at_most_every_ms = at_most_every_ms

    async def forget_the_erased(self) -> bool:
        """Rewrite the file if a reader was erased since it was last rewritten, and wait for it;
        whether it was. Not more often than ``at_most_every_ms``; a rewriting that fails is tried
        again then. Raises Unavailable.
        """
        now = await self._now_ms()
        rewritten, tried = await self._moments()
        if now - tried < self._at_most_every_ms:
            return False
        if not rewritten < await self._last_erased_ms() <= now:
            return False
        await self._remember(rewritten, now)
        await self._await_rest()  # one that began before the erasure does not count
        await self._connection.send("BGREWRITEAOF", terms=WRITE)
        persistence = await self._await_rest()
        if persistence["aof_last_bgrewrite_status"] != "ok":
            _log.error("the append-only file still tells of erased readers: see the server's log")
            return False
        await self._remember(now, now)
        return True

    async def _last_erased_ms(self) -> int:
        moments = await self._connection.send_all(
            ("GET", keys.erased(partition)) for partition in range(keys.READER_PARTITIONS)
        )
        return max((int(moment) for moment in moments if moment is not None), default=0)

    async def _moments(self) -> tuple[int, int]:
        """When a rewriting that succeeded began, and one that was tried."""
        held = await self._connection.send("GET", keys.REWRITTEN)
        succeeded, tried = (held or b"0 0").split(b" ")
        return int(succeeded), int(tried)

    async def _remember(self, succeeded_ms: int, tried_ms: int) -> None:
        text = f"{succeeded_ms} {tried_ms}"
        await self._connection.send(
            "SET", keys.REWRITTEN, text, "EX", REMEMBERED_SECONDS, terms=WRITE
        )

    async def _await_rest(self) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = await self._connection.send("INFO", "persistence")
            if not (found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"]):
                return found
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _now_ms(self) -> int:
        seconds, microseconds = await self._connection.send("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000

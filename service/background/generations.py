"""Keeping the catalogue on a generation that all processes of a machine share.

One process leads: it writes what has come since into a new generation, away from the event loop.
Every process, the leader too, then lays a new catalogue on it and lets it take the old one's place.
"""

import asyncio
import logging
import time
from typing import Final, Protocol

from service.background.follow import Follower
from service.catalogue.catalogue import Catalogue, Frozen
from service.catalogue.sealed import Sealed
from service.errors import TornSnapshot, Unavailable
from service.pipeline.newsstand import Newsstand

LOOKED_AFTER_SECONDS: Final = 0.25
SEALED_AT_ROWS: Final = 4_096
"""The tail is searched one by one, in every process: it is kept small."""
SEALED_AFTER_SECONDS: Final = 60.0
"""So old may what is not yet in a generation become."""
WAIT_SECONDS: Final = 0.05
_log = logging.getLogger(__name__)


class Snapshots(Protocol):
    """The generations on disk."""

    def lead(self) -> bool:
        """Become the one that writes, unless another process is; True if this one is."""
        ...

    def current(self) -> int:
        """The number of the newest generation, 0 if there is none."""
        ...

    def load(self) -> Sealed | None:
        """The newest generation, None if there is none. Raises TornSnapshot."""
        ...

    def seal(self, frozen: Frozen, position: bytes) -> None:
        """Write a catalogue as the next generation."""
        ...

    def set_aside(self) -> object:
        """Move all generations out of the way; where to."""
        ...


class Generations:
    """What one process does for its catalogue's generation."""

    def __init__(self, newsstand: Newsstand, follower: Follower, snapshots: Snapshots) -> None:
        self._newsstand, self._follower, self._snapshots = newsstand, follower, snapshots
        self._changed_at: float | None = None
        self._wanted = False
        self._writing = asyncio.Lock()

    def seal_soon(self) -> None:
        """Write a generation at the next opportunity, whatever has changed."""
        self._wanted = True

    async def start(self) -> None:
        """Fill the catalogue: from the newest generation and what was logged since, or, if this
        process leads and there is none that can be used, from what is stored.

        Raises Unavailable where the store is away and there is no generation; with one, what was
        logged since comes as soon as the store is back.
        """
        started = time.perf_counter()
        while not await self._began():  # noqa: ASYNC110 - what another process decides
            await asyncio.sleep(WAIT_SECONDS)
        try:
            await self._follower.catch_up()
        except Unavailable as error:
            _log.warning("what was logged since is not known yet: %s", error.detail)
        seconds = time.perf_counter() - started
        _log.info("%d articles loaded in %.1f s", len(self._newsstand.catalogue), seconds)

    async def step(self) -> None:
        """Look after the generation once. Raises OSError where the disk refuses."""
        await asyncio.sleep(LOOKED_AFTER_SECONDS)
        if self._snapshots.lead() and self._due():
            await self._seal()
        if self._snapshots.current() != self._newsstand.catalogue.sealed.number:
            try:
                await self._adopt()
            except TornSnapshot as error:
                _log.error("%s; this process stays on what it has", error)
                if self._snapshots.lead():
                    await self._seal()

    async def finish(self) -> None:
        """At the end: leave nothing that only this process's memory holds."""
        if self._snapshots.lead() and self._newsstand.catalogue.tail_rows:
            await self._seal()

    async def _began(self) -> bool:
        """Whether the catalogue now stands on a generation."""
        try:
            sealed = await asyncio.to_thread(self._snapshots.load)
        except TornSnapshot as error:
            if not self._snapshots.lead():
                return False  # who leads makes it anew
            _log.error("%s; set aside in %s", error, self._snapshots.set_aside())
            sealed = None
        if sealed is not None:
            await self._lay(sealed)
            self._follower.position = sealed.position
            return True
        if not self._snapshots.lead():
            return False
        await self._follower.start_over()
        await self._seal()
        await self._adopt()
        return True

    def _due(self) -> bool:
        rows = self._newsstand.catalogue.tail_rows
        if self._wanted:
            return True
        if not rows:
            self._changed_at = None
            return False
        if self._changed_at is None:
            self._changed_at = time.monotonic()
        waited = time.monotonic() - self._changed_at
        return rows >= SEALED_AT_ROWS or waited >= SEALED_AFTER_SECONDS

    async def _seal(self) -> None:
        async with self._writing:
            started = time.perf_counter()
            self._newsstand.catalogue.expire(self._newsstand.clock())
            position, frozen = self._follower.position, self._newsstand.catalogue.frozen()
            await asyncio.to_thread(self._snapshots.seal, frozen, position)
            self._changed_at, self._wanted = None, False
        seconds = time.perf_counter() - started
        _log.info("%d new rows sealed in %.2f s", len(frozen.tail.entries), seconds)

    async def _adopt(self) -> None:
        sealed = await asyncio.to_thread(self._snapshots.load)
        if sealed is not None:
            await self._lay(sealed)

    async def _lay(self, sealed: Sealed) -> None:
        old = self._newsstand.catalogue
        known = old.frozen()
        new: Catalogue = await asyncio.to_thread(old.on, sealed, known)
        new.catch_up(old, known)
        new.expire(self._newsstand.clock())
        self._newsstand.lay(new)

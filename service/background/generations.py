"""Keeping the catalogue on a generation that all processes of a machine share.

One process leads: it writes what has come since into a new generation, away from the event loop.
Every process, the leader too, then lays a new catalogue on it and lets it take the old one's place.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from service.background.follow import Follower
from service.catalogue.catalogue import Catalogue
from service.catalogue.frozen import Frozen
from service.catalogue.sealed import Sealed
from service.errors import TornSnapshot, Unavailable
from service.pipeline.newsstand import Newsstand

LOOKED_AFTER_SECONDS: Final = 0.25
SEALED_AT_ROWS: Final = 4_096
"""The tail is searched one by one, in every process: it is kept small."""
SEALED_AFTER_SECONDS: Final = 60.0
"""So old may what is not yet in a generation become."""
WAIT_SECONDS: Final = 0.05
TORN_WAIT_SECONDS, TORN_PATIENCE_SECONDS = 0.5, 5.0
PAUSE_AFTER_FAILURE_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


class Snapshots(Protocol):
    """The generations on disk."""

    def now_of(self, store: str) -> None:
        """The state store is this one from now on."""
        ...

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
        """Write a catalogue as the next generation. Raises OSError."""
        ...

    def set_aside(self) -> object:
        """Move all generations out of the way; where to."""
        ...


class Generations:
    """What one process does for its catalogue's generation."""

    def __init__(
        self,
        newsstand: Newsstand,
        follower: Follower,
        snapshots: Snapshots,
        store_known: Callable[[], str],
    ) -> None:
        """``store_known`` is the identity of the store as this machine knows it by now."""
        self._newsstand, self._follower, self._snapshots = newsstand, follower, snapshots
        self._store_known = store_known
        self._changed_at: float | None = None
        self._wanted = self._ending = False
        self._not_before = 0.0
        self._refused = self._refusals = 0
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
        """Look after the generation once: first take over what another process wrote, then, if
        this one leads and it is due, write.
        """
        await asyncio.sleep(LOOKED_AFTER_SECONDS)
        await self._take_over()
        if self._snapshots.lead() and self._due():
            await self._seal()
            await self._take_over()

    async def finish(self, *, discarded: bool = False) -> None:
        """At the end: leave nothing that only this process's memory holds, unless all of it is to
        be ``discarded``.
        """
        self._ending = True
        async with self._writing:  # what is being written is finished first
            pass
        if not discarded and self._snapshots.lead() and self._newsstand.catalogue.changes:
            await self._seal()

    async def _began(self) -> bool:
        """Whether the catalogue now stands on a generation."""
        try:
            sealed = await asyncio.to_thread(self._snapshots.load)
        except TornSnapshot as error:
            if not self._snapshots.lead():
                return await self._began_without(error)
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

    async def _began_without(self, error: TornSnapshot) -> bool:
        """The generation of another process cannot be used: wait for its next, then do without."""
        self._snapshots.now_of(self._store_known())  # a loss may have been made good meanwhile
        self._refusals += 1
        if self._refusals * TORN_WAIT_SECONDS < TORN_PATIENCE_SECONDS:
            await asyncio.sleep(TORN_WAIT_SECONDS)
            return False
        _log.error("%s; this process reads all that is stored", error)
        self._refused = self._snapshots.current()
        await self._follower.start_over()
        return True

    async def _take_over(self) -> None:
        number = self._snapshots.current()
        if number in (self._newsstand.catalogue.sealed.number, self._refused):
            return
        try:
            await self._adopt()
        except TornSnapshot as error:
            _log.error("%s; this process stays on what it has", error)
            self._snapshots.now_of(self._store_known())
            self._refused, self._wanted = number, True

    def _due(self) -> bool:
        now = time.monotonic()
        if self._ending or now < self._not_before:
            return False
        if self._wanted:
            return True
        changes = self._newsstand.catalogue.changes
        if not changes:
            self._changed_at = None
            return False
        if self._changed_at is None:
            self._changed_at = now
        return changes >= SEALED_AT_ROWS or now - self._changed_at >= SEALED_AFTER_SECONDS

    async def _seal(self) -> None:
        """Raises OSError where the disk refuses; it is tried again a minute later."""
        self._not_before = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        async with self._writing:
            started = time.perf_counter()
            self._newsstand.catalogue.expire(self._newsstand.clock())
            position, frozen = self._follower.position, self._newsstand.catalogue.frozen()
            await asyncio.to_thread(self._snapshots.seal, frozen, position)
            self._changed_at, self._wanted, self._not_before = None, False, 0.0
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

"""The newsstand under one model, and what keeps its catalogue current."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from service.background import generations
from service.background.follow import Follower
from service.background.generations import Generations
from service.background.tasks import Tasks
from service.domain.standing import Lag
from service.errors import Unavailable
from service.pipeline.newsstand import Newsstand

AWAY_SECONDS: Final = 0.5
_log = logging.getLogger(__name__)


class Snapshots(generations.Snapshots, Protocol):
    """The generations of one model on disk."""

    def remove(self) -> None:
        """Remove all of them, if this process is the one that writes."""
        ...

    def close(self) -> None:
        """Let another process write."""
        ...


class Edition:
    """New articles are encoded for it from the beginning; it can answer once it has ``begun``."""

    def __init__(
        self,
        newsstand: Newsstand,
        follower: Follower,
        snapshots: Snapshots,
        store_known: Callable[[], str],
        tasks: Tasks,
    ) -> None:
        self.newsstand = newsstand
        self.begun = self.discarded = False
        self._follower, self._snapshots, self._tasks = follower, snapshots, tasks
        self._generations = Generations(newsstand, follower, snapshots, store_known)

    @property
    def model(self) -> str:
        """Its model's reference."""
        return self.newsstand.model.reference

    @property
    def lag(self) -> Lag:
        """How far its catalogue is behind the article log."""
        return self._follower.lag

    async def begin(self) -> None:
        """Fill the catalogue, and keep it current from now on. Raises OSError where nothing can be
        written to disk; Unavailable where the store is away and nothing is known here.
        """
        await self._generations.start()
        self._go_on()

    async def begin_when_possible(self) -> None:
        """The same, but wait for the store, and for all that was logged until now. Raises
        OSError.
        """
        while not self.begun:
            try:
                await self._generations.start()
                await self._follower.catch_up()
            except Unavailable as error:
                _log.warning("%s cannot begin yet: %s", self.model, error.detail)
                await asyncio.sleep(AWAY_SECONDS)
            else:
                self._go_on()

    def _go_on(self) -> None:
        self._tasks.forever(f"following the article log under {self.model}", self._follow)
        self._tasks.forever(f"keeping generations of {self.model}", self._generations.step)
        self.begun = self.newsstand.shelf.filled = True

    async def finish(self) -> None:
        """At the end: leave nothing that only this process's memory holds. Raises OSError."""
        await self._generations.finish(discarded=self.discarded or not self.begun)

    def lead(self) -> bool:
        """Whether this process is the one of its machine that writes generations."""
        return self._snapshots.lead()

    def now_of(self, store: str) -> None:
        """The state store is another from now on, which was given what is known here."""
        self._snapshots.now_of(store)
        self._generations.seal_soon()
        self._follower.doubt()

    async def _follow(self) -> None:
        await self._follower.step()


@asynccontextmanager
async def edition(
    newsstand: Newsstand,
    follower: Follower,
    snapshots: Snapshots,
    store_known: Callable[[], str],
    unload: Callable[[], Awaitable[None]],
) -> AsyncIterator[Edition]:
    """An edition for as long as the block runs. Raises OSError at its end, when all else is done,
    where the last generation cannot be written.
    """
    try:
        async with Tasks() as tasks:
            made = Edition(newsstand, follower, snapshots, store_known, tasks)
            yield made
            await made.finish()
        if made.discarded:
            await asyncio.to_thread(snapshots.remove)
    finally:
        snapshots.close()
        await unload()

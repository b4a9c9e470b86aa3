"""What one process does for the roster of models: open, begin, activate and close editions as it
says, report, and, if this process leads, do what one has to do for all.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Final, Self

from service.encoding.memory import give_back
from service.errors import Unavailable
from service.models.edition import Edition
from service.models.editions import Editions
from service.models.reencode import reencode
from service.models.roster import Asked, Report, Roster, Rosters, Standing
from service.models.works import Works

LOOKED_AT_SECONDS: Final = 0.5
LOOKED_AT_WHILE_SWITCHING_SECONDS: Final = 0.1
REPORTED_SECONDS: Final = 60.0
"""So often a process reports although nothing is coming: a previous model's time may be over."""
AGAIN_SECONDS: Final = 30.0
LATE_SECONDS: Final = 240.0
"""So long after a model has left may a request that began before still store vectors under it."""
HERE: Final = f"{socket.gethostname()}, process {os.getpid()}"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a model could not be opened here, and when it is tried again."""

    why: str
    again: float = field(default_factory=lambda: time.monotonic() + AGAIN_SECONDS)


class Switching:
    """An async context manager; on leaving it, what is under way is cancelled and awaited."""

    def __init__(
        self,
        rosters: Rosters,
        editions: Editions,
        remembered: str | None,
        sure: Callable[[], None],
        on_active: Callable[[str], None],
    ) -> None:
        """``remembered`` is the model that was asked for last, as far as this machine knows;
        ``sure`` raises StateLost while the store is not the one that is known; ``on_active`` is
        told of a model that has become active here.
        """
        self.editions = editions
        self.roster = self._known = Roster(active=remembered)
        self.standing: Standing | None = None
        self._rosters, self._sure, self._on_active = rosters, sure, on_active
        self._failed: dict[str, _Failed] = {}
        self._raising = Works(self._fail)
        self._closing = Works(lambda model, why: None)
        self._forgetting = Works(lambda model, why: None)
        self._report_at = 0.0
        self._stepping = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for works in (self._raising, self._closing, self._forgetting):
            await works.end()

    async def again(self) -> None:
        """Wait until it is time, then look at the roster. Raises Unavailable."""
        quickly = self.roster.coming
        await asyncio.sleep(LOOKED_AT_WHILE_SWITCHING_SECONDS if quickly else LOOKED_AT_SECONDS)
        await self.step()

    async def step(self) -> None:
        """Do what the roster says. Raises Unavailable."""
        async with self._stepping:
            await self._look()
            if self._report_is_due():
                self.standing = await self._rosters.report(self._report())
                await self._look()
                if self.standing.leads:
                    self._lead()

    async def ask(self, model: str) -> Asked:
        """Wish for a model that is known to be sound. Raises Unavailable."""
        asked = await self._rosters.ask(model, self.editions.active_model)
        await self._step_if_possible()
        return asked

    async def roll_back(self) -> bool:
        """Go back to the previous model; False if there is none. Raises Unavailable."""
        done = await self._rosters.roll_back()
        await self._step_if_possible()
        return done

    async def restore(self) -> None:
        """Give a store that has lost its roster the one that was known here. Raises Unavailable."""
        await self._rosters.restore(self._known)

    async def _step_if_possible(self) -> None:
        """What was decided is decided: that must not fail for what comes after it."""
        try:
            await self.step()
        except Unavailable as error:
            _log.warning("the models are seen to later: %s", error.detail)

    @property
    def leaving(self) -> set[str]:
        """The models that are still open here and are to be kept no longer."""
        kept = {self.roster.active, self.editions.active_model, *self.roster.open}
        here = {edition.model for edition in self.editions}
        return (here | self._raising.names | self._closing.names) - kept

    async def _look(self) -> None:
        roster = await self._rosters.read()
        self._sure()
        if roster.active is None and self._known.active is not None:
            raise Unavailable("the roster of models is gone, and not yet restored")
        self.roster = self._known = roster
        self._see_to_editions()

    def _see_to_editions(self) -> None:
        roster, active = self.roster, self.editions.active_model
        wanted = {roster.active or active, *roster.open}
        self._failed = {m: failed for m, failed in self._failed.items() if self._stands(m, failed)}
        for model in wanted - self._failed.keys() - self._closing.names:
            self._raise(model)
        self._activate()
        for model in self.leaving:
            self._raising.cancel(model)
            if self.editions.of(model) is not None and model not in self._raising.names:
                self._closing.begin(model, partial(self._discard, model))

    def _raise(self, model: str) -> None:
        """Bring the model a step nearer to answering."""
        edition = self.editions.of(model)
        if edition is None:
            self._raising.begin(model, partial(self._open, model))
        elif not edition.begun and self._may_begin(model):
            self._raising.begin(model, partial(self._begin, edition))

    def _stands(self, model: str, failed: "_Failed") -> bool:
        """Whether a failure still counts: one of a model that is coming until it is not; one of
        another that this process should have open for some time.
        """
        if model not in self.roster.open and model != self.roster.active:
            return False
        coming = self.roster.coming
        return time.monotonic() < failed.again or (coming is not None and coming.model == model)

    def _may_begin(self, model: str) -> bool:
        coming = self.roster.coming
        return coming is None or coming.model != model or coming.encoded

    def _activate(self) -> None:
        model = self.roster.active
        if model is None or model == self.editions.active_model:
            return
        edition = self.editions.of(model)
        if edition is not None and edition.begun:
            before = self.editions.active_model
            self.editions.activate(edition)
            self._on_active(model)
            _log.info("%s is active, after %s", model, before)

    async def _open(self, model: str) -> None:
        await self.editions.open(model)
        _log.info("%s is loaded", model)

    async def _discard(self, model: str) -> None:
        await self.editions.close(model, discard=True)
        await asyncio.to_thread(give_back)
        _log.info("%s is let go of", model)

    async def _begin(self, edition: Edition) -> None:
        await edition.begin_when_possible()
        _log.info("%s is ready", edition.model)

    def _fail(self, model: str, why: str) -> None:
        self._failed[model] = _Failed(f"{HERE}: {why}")

    def _report_is_due(self) -> bool:
        now = asyncio.get_running_loop().time()
        if not (self.roster.coming or self.roster.doomed) and now < self._report_at:
            return False
        self._report_at = now + REPORTED_SECONDS
        return True

    def _report(self) -> Report:
        begun = frozenset(edition.model for edition in self.editions if edition.begun)
        coming = self.roster.coming
        failed = None if coming is None else self._failed.get(coming.model)
        if coming is None or failed is None:
            return Report(begun)
        return Report(begun, (coming.model, failed.why))

    def _lead(self) -> None:
        coming = self.roster.coming
        if coming is not None and not coming.encoded and coming.model not in self._failed:
            edition = self.editions.of(coming.model)
            if edition is not None:
                self._raising.begin(coming.model, partial(self._encode, edition))
        for model in self.roster.doomed:
            self._forgetting.begin(model, partial(self._forget, model))

    async def _encode(self, edition: Edition) -> None:
        model, count = edition.model, 0

        async def told(done: int, total: int) -> bool:
            nonlocal count
            count = done
            return await self._rosters.progress(model, done, total)

        if await reencode(edition.newsstand, told):
            await self._rosters.progress(model, count, count, encoded=True)
            _log.info("%d articles have vectors under %s", count, model)

    async def _forget(self, model: str) -> None:
        async def still() -> bool:
            return model in (await self._rosters.read()).doomed

        for wait in (0.0, LATE_SECONDS):
            await asyncio.sleep(wait)
            await self.editions.active.articles.forget_model(model, still)
        if await still():
            await self._rosters.forgotten(model)
            _log.info("the vectors under %s are removed", model)

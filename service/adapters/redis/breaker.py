"""The circuit breaker before one server of the state store.

| state | means | then |
|---|---|---|
| ``closed`` | it answers in time | everything is sent |
| ``slow`` | it answers, too late for a page | prompt reads fail at once, all else is sent |
| ``open`` | it does not answer | everything fails at once |

``PROMPT_FAILURES`` prompt reads in a row that end without an answer make it slow; ``FAILURES``
of any kind that cannot be reached, or that waited their whole time, open it. From then on one
probe a process asks the server at random intervals of 0.2–1 s and says what the state is: requests
do not come back in step, and none of them is the one that finds out.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Final

from service.adapters.redis.terms import Terms
from service.domain.standing import BreakerState
from service.errors import Unavailable

State = BreakerState
PROMPT_FAILURES: Final = 5
FAILURES: Final = 3
PROBE_SECONDS: Final = (0.2, 1.0)
_log = logging.getLogger(__name__)


class Breaker:
    """``state`` now, and ``openings``: how often it left ``closed``."""

    def __init__(self, name: str, probe: Callable[[], Awaitable[State]]) -> None:
        """``name`` is for the log. ``probe`` asks the server; it never raises."""
        self.state: State = "closed"
        self.openings = 0
        self._name = name
        self._probe = probe
        self._late = 0
        self._failed = 0
        self._probing: asyncio.Task[None] | None = None
        self._closed = False

    def admit(self, terms: Terms) -> None:
        """Raise Unavailable where the answer would not come."""
        if self.state == "open" or (self.state == "slow" and terms.prompt):
            raise Unavailable("the state store does not answer")

    def succeeded(self, terms: Terms) -> None:
        """The server answered."""
        self._failed = 0
        if terms.prompt:
            self._late = 0

    def failed(self, terms: Terms, *, late: bool) -> None:
        """The server could not be reached, or, if ``late``, had not answered in time."""
        self._late += terms.prompt
        self._failed += not (late and terms.prompt)
        if self._failed >= FAILURES:
            self._become("open")
        elif self._late >= PROMPT_FAILURES and self.state == "closed":
            self._become("slow")

    async def close(self) -> None:
        """Stop probing, for good."""
        self._closed = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    def _become(self, state: State) -> None:
        if state == self.state:
            return
        if self.state == "closed":
            self.openings += 1
        _log.warning("the state store at %s is %s", self._name, _SAID[state])
        self.state = state
        if state == "closed":
            self._late = self._failed = 0
        elif not self._closed and (self._probing is None or self._probing.done()):
            # On nobody's behalf: not that of the request that found the store away.
            self._probing = asyncio.create_task(self._until_closed(), context=Context())

    async def _until_closed(self) -> None:
        while self.state != "closed":
            await asyncio.sleep(random.uniform(*PROBE_SECONDS))
            self._become(await self._probe())


_SAID: Final[dict[State, str]] = {"closed": "back", "slow": "slow", "open": "away"}

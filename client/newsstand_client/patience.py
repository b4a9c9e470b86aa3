"""How often a call is tried, and how long is waited in between."""

import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from newsstand_client.call import Call
from newsstand_client.errors import NotNow, Refused, Unreachable, refusal

NEVER_RECEIVED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The service cannot have had the request."""
NOTHING_DONE: Final = frozenset({429})
"""Answered before anything was done."""
_log = logging.getLogger("newsstand_client")


@dataclass(frozen=True, slots=True)
class Patience:
    """Exponential back-off with jitter. No try begins later than ``seconds`` after the first."""

    tries: int = 5
    seconds: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 10.0

    def pause(self, tried: int, passed: float, retry_after: float | None) -> float | None:
        """Seconds to wait after ``tried`` tries and ``passed`` seconds; None: give up.

        Never shorter than ``retry_after``, and a little longer by chance, so that clients that were
        sent away together do not come back together.
        """
        if tried >= self.tries:
            return None
        backoff = min(self.longest_pause, self.first_pause * 2 ** (tried - 1))
        if retry_after is None:
            pause = backoff * random.uniform(0.5, 1.0)
        else:
            pause = retry_after + backoff * random.uniform(0.0, 0.5)
        return pause if passed + pause <= self.seconds else None


@dataclass(slots=True)
class Tries:
    """The tries of one call so far. Each way that one ends gives the pause before the next, or
    raises the error that the call ends with.
    """

    call: Call
    patience: Patience
    clock: Callable[[], float] = time.monotonic
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """The same for all of them."""
    _tried: int = 0
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def failed(self, error: httpx.TransportError) -> float:
        """No answer came. Raises Unreachable."""
        again = self._may_repeat(received=not isinstance(error, NEVER_RECEIVED))
        pause = self._pause(None) if again else None
        if pause is None:
            said = f"no answer: {str(error) or type(error).__name__}"
            raise Unreachable(said, self.request_id) from error
        return pause

    def refused(self, response: httpx.Response) -> float:
        """An error was answered. Raises Refused."""
        error: Refused = refusal(response, self.request_id)
        again = self._may_repeat(received=error.status not in NOTHING_DONE)
        pause = self._pause(error.retry_after) if again and isinstance(error, NotNow) else None
        if pause is None:
            raise error
        return pause

    def _may_repeat(self, *, received: bool) -> bool:
        repeat = self.call.repeat
        return repeat == "always" or (repeat == "unless received" and not received)

    def _pause(self, retry_after: float | None) -> float | None:
        self._tried += 1
        pause = self.patience.pause(self._tried, self.clock() - self._began, retry_after)
        if pause is not None:
            said = "%s %s: try %d came to nothing, the next in %.1f s"
            _log.info(said, self.call.method, self.call.route, self._tried, pause)
        return pause

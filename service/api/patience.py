"""How long a request waits for its articles to be encoded: as its client does, and not forever."""

import asyncio
import re
from collections.abc import Awaitable, Iterable
from typing import Final, TypeVar

from prometheus_client import Counter
from starlette.types import Receive

from service.errors import ClientGone, Overloaded

ARTICLE_SECONDS: Final = 30.0
BATCH_SECONDS: Final = 180.0
"""A thousand long articles keep a small machine busy for a while; ``newsstand import`` waits as
long for its answer.
"""
_WAIT: Final = re.compile(r'wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?', re.IGNORECASE | re.ASCII)
T = TypeVar("T")


def patience_seconds(headers: Iterable[str], usual: float) -> float:
    """How long a request waits: as its client prefers, but ``BATCH_SECONDS`` at most, or else as is
    ``usual``.
    """
    wanted = preferred_seconds(headers)
    return usual if wanted is None else min(wanted, BATCH_SECONDS)


def preferred_seconds(headers: Iterable[str]) -> float | None:
    """What ``Prefer: wait=SECONDS`` (RFC 7240) says: the first that is well-formed, if any."""
    preferences = (part.strip() for header in headers for part in header.split(","))
    found = (_WAIT.fullmatch(preference) for preference in preferences)
    return next((float(match[1]) for match in found if match), None)


class ClientPatience:
    """The patience (``pipeline.patience``) of one request, from now on."""

    def __init__(self, receive: Receive, seconds: float, gone: Counter) -> None:
        """``receive``: of a request whose body was read. ``gone`` counts clients that went."""
        self._receive, self._gone = receive, gone
        self._seconds = seconds
        self._until = asyncio.get_running_loop().time() + seconds

    async def __call__(self, encoding: Awaitable[T]) -> T:
        """What the encoding gives. Raises ClientGone once the client hung up, Overloaded once the
        time is over; the encoding is cancelled then.
        """
        encoded, hung_up = asyncio.ensure_future(encoding), asyncio.ensure_future(self._hung_up())
        left = self._until - asyncio.get_running_loop().time()
        try:
            await asyncio.wait(
                (encoded, hung_up), timeout=max(left, 0.0), return_when=asyncio.FIRST_COMPLETED
            )
            if encoded.done():
                return encoded.result()
            if hung_up.done():
                self._gone.inc()
                raise ClientGone("the client did not wait for its articles to be encoded")
            raise Overloaded(f"the articles were not encoded within {self._seconds:g} s")
        finally:
            encoded.cancel()
            hung_up.cancel()
            await asyncio.gather(encoded, hung_up, return_exceptions=True)

    async def _hung_up(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

"""What happens when the state store comes back empty, or another: first nothing, then what an
operator has confirmed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from service.pipeline.newsstand import Newsstand
from service.pipeline.restore import restore

_log = logging.getLogger(__name__)


class Identity(Protocol):
    """Whether the store is the one that is known."""

    async def check(self) -> None:
        """Compare, and accept what an operator has confirmed. Raises Unavailable."""
        ...

    def allow_write(self) -> None:
        """Raise StateLost unless the store is the one that is known."""
        ...


class Loss:
    """Sees to it that the store is known, and gives a new one that was confirmed the articles."""

    def __init__(self) -> None:
        self._to_make_good = False
        self._seeing_to_it = asyncio.Lock()

    async def accepted(self, _: str) -> None:
        """An operator has confirmed another store."""
        self._to_make_good = True

    async def known(
        self,
        identity: Identity,
        newsstand: Newsstand,
        made_good: Callable[[], Awaitable[None]],
    ) -> None:
        """Return when the store is the one that is known and has this process's articles.

        ``made_good`` is called after they were restored. Raises StateLost, Unavailable.
        """
        async with self._seeing_to_it:
            await identity.check()
            identity.allow_write()
            if self._to_make_good:
                count = await restore(newsstand)
                await made_good()
                self._to_make_good = False
                _log.warning(
                    "the state was lost: %d articles were restored from this process's "
                    "catalogue; readers' histories and the counters are lost",
                    count,
                )

"""Pieces of work that go on beside the requests, each under a name: one of a name at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from model_store.errors import ModelStoreError
from service.errors import EncodingFailed, SetupError, Unavailable

UNEXPECTED: Final = "it failed unexpectedly: see the service's log"
CANCEL_AGAIN_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Works:
    """What fails is told to ``failed``, with the reason; but work that the state store is too far
    away for just ends, for whoever began it to begin it again.
    """

    def __init__(self, failed: Callable[[str, str], None]) -> None:
        self._failed = failed
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[str] = set()

    @property
    def names(self) -> set[str]:
        """What is under way."""
        return set(self._tasks)

    def begin(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin the work, unless some of that name is under way."""
        if name not in self._tasks:
            task = self._tasks[name] = asyncio.create_task(self._done(name, work))
            task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def cancel(self, name: str) -> None:
        """Have the work of that name end, if there is any; once, so that it can tidy up."""
        task = self._tasks.get(name)
        if task is not None and not task.cancelling():
            task.cancel()

    async def end(self) -> None:
        """Cancel all, and wait for the end of it."""
        while self._tasks:  # a library's time-out that fires at the same moment eats a cancel
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_AGAIN_SECONDS)

    async def _done(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Unavailable as error:
            if name not in self._waiting:
                _log.warning("%s waits: %s", name, error.detail)
            self._waiting.add(name)
        except (ModelStoreError, SetupError, EncodingFailed, OSError) as error:
            _log.error("%s: %s", name, error)
            self._failed(name, str(error))
        except Exception:  # noqa: BLE001 - whatever it is, the model that is active goes on
            _log.exception("%s failed", name)
            self._failed(name, UNEXPECTED)
        else:
            self._waiting.discard(name)

"""Tasks beside the requests: loops that outlive a store that is away, and things done later."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from service.errors import Unavailable

AWAY_SECONDS: Final = 0.5
"""How long to wait before the store is asked again."""
CANCEL_AGAIN_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Tasks:
    """An async context manager; on leaving it every task is cancelled and awaited."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Tasks":
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._running:  # a library's time-out that fires at the same moment eats a cancel
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running, timeout=CANCEL_AGAIN_SECONDS)

    def later(self, work: Coroutine[None, None, None]) -> None:
        """Run ``work`` once. If the store is away it is dropped: use it for what is remade."""
        self._start(_dropped_if_away(work))

    def forever(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Run ``step`` again and again; while the store is away, twice a second."""
        self._start(_again_and_again(name, step))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a background task failed", exc_info=error)


async def _dropped_if_away(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except Unavailable as error:
        _log.warning("left undone: %s", error.detail)


async def _again_and_again(name: str, step: Callable[[], Awaitable[None]]) -> None:
    away = False
    while True:
        try:
            await step()
        except Unavailable as error:
            if not away:
                _log.warning("%s waits: %s", name, error.detail)
            away = True
            await asyncio.sleep(AWAY_SECONDS)
        except Exception:  # noqa: BLE001 - following and counting must outlive any one failure
            _log.exception("%s failed, and is tried again", name)
            await asyncio.sleep(AWAY_SECONDS)
        else:
            if away:
                _log.info("%s goes on", name)
            away = False

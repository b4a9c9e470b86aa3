"""Several batches in flight at once, acknowledged in the order in which they were sent."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

Batch = TypeVar("Batch")
Answer = TypeVar("Answer")


async def send_in_order(
    batches: Iterable[Batch],
    send: Callable[[Batch], Coroutine[Any, Any, Answer]],
    acknowledge: Callable[[Batch, Answer], None],
    width: int,
) -> None:
    """Send every batch, ``width`` of them at a time, and acknowledge each once all before it are.

    The next batch is read while others are on their way, so that neither side waits for the other.
    Whatever ``send`` or ``acknowledge`` raises ends it; what is on its way then is given up.
    """
    flying: deque[tuple[Batch, asyncio.Task[Answer]]] = deque()

    async def land() -> None:
        batch, task = flying.popleft()
        acknowledge(batch, await task)

    try:
        for batch in batches:
            flying.append((batch, asyncio.create_task(send(batch))))
            if len(flying) == width:
                await land()
        while flying:
            await land()
    finally:
        for _, task in flying:
            task.cancel()
        await asyncio.gather(*(task for _, task in flying), return_exceptions=True)

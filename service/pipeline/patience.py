"""How long an encoding is waited for."""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Patience(Protocol):
    """Waits for an encoding. Where it gives up it cancels that, and that alone: a write to the
    state store is never cut off.
    """

    async def __call__(self, encoding: Awaitable[T]) -> T:
        """What the encoding gives. Raises Overloaded or ClientGone where it was given up."""
        ...


async def endless(encoding: Awaitable[T]) -> T:
    """The patience of those who have no deadline."""
    return await encoding

"""Connections to a state store in tests, and what is awaited of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from service.adapters.redis.connection import Connection
from service.errors import Unavailable

DEADLINE_SECONDS = 30.0


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Connection]:
    """An open connection."""
    connection = Connection(url, **options)
    try:
        await connection.open()
        yield connection
    finally:
        await connection.close()


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what a server brings about."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await check():  # noqa: ASYNC110 - a server sends no event
            await asyncio.sleep(0.01)


async def refused(*calls: Awaitable[Any]) -> list[str]:
    """What each of the calls, all of which must be Unavailable, says."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results), results
    return [str(result) for result in results]


async def acknowledged(write: Callable[[], Awaitable[Any]]) -> Any:
    """The answer to a write that is repeated, as a client does, until it is acknowledged."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                return await write()
            except Unavailable:
                await asyncio.sleep(0.05)

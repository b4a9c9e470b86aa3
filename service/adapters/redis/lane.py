"""Open connections to one server for one kind of work, a bounded number of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from service.adapters.redis.scripts import Command

CONNECTIONS: Final = 32
Greet = Callable[[AbstractConnection], Awaitable[None]]


class Lane:
    """A bounded pool: who finds no connection free waits for a turn, first come, first served."""

    def __init__(self, make: Callable[[], AbstractConnection], greet: Greet) -> None:
        """``greet`` is called with each newly opened connection before it is used."""
        self._make = make
        self._greet = greet
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[AbstractConnection] = []
        self._closed = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The right to one connection."""
        async with self._turns:
            yield

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AbstractConnection]:
        """An open connection for who has a turn. Raises RedisError, OSError."""
        connection = self._idle.pop() if self._idle else self._make()
        try:
            if connection.is_connected and await connection.can_read():
                await connection.disconnect(nowait=True)  # closed by the other side, or out of step
            if not connection.is_connected:
                await self._open(connection)
            yield connection
        finally:
            self._idle.append(connection)
            if self._closed:
                await connection.disconnect()

    async def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it no longer is."""
        self._closed = True
        for connection in list(self._idle):
            await connection.disconnect()

    async def close_idle(self) -> None:
        """Close what nobody uses now; the address is looked up anew."""
        for connection in list(self._idle):
            await connection.disconnect(nowait=True)

    async def _open(self, connection: AbstractConnection) -> None:
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            await self._greet(connection)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise


async def converse(connection: AbstractConnection, commands: Iterable[Command]) -> list[Any]:
    """Send the commands at once and read the answers, refusals (ResponseError) among them.

    A conversation that is cut short closes the connection: the rest of the answers is never
    taken for another's. Raises RedisError, OSError.
    """
    # The stub of hiredis knows tuples of one part only.
    packed = [hiredis.pack_command(tuple(command)) for command in commands]  # type: ignore[arg-type]
    await connection.send_packed_command(packed, check_health=False)
    return [await _answer(connection) for _ in packed]


async def _answer(connection: AbstractConnection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as refusal:
        return refusal

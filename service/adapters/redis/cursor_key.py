"""The key that cursors are signed with: made once, the same in every process."""

import secrets
from typing import Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.terms import WRITE
from service.errors import StateLost

BYTES: Final = 32


async def cursor_key(connection: Connection) -> bytes:
    """The key, made by whoever asks first. Raises Unavailable.

    While the state is lost, a store that has none gives one of this process alone, until its
    next start: cursors of others are not accepted here.
    """
    made = secrets.token_bytes(BYTES)
    try:
        await connection.send("SET", keys.CURSOR_KEY, made, "NX", terms=WRITE)
    except StateLost:
        return await _held(connection) or made
    return await _held(connection) or made


async def keep_cursor_key(connection: Connection, key: bytes) -> None:
    """Give a store that has none the key that cursors were signed with. Raises Unavailable."""
    await connection.send("SET", keys.CURSOR_KEY, key, "NX", terms=WRITE)


async def _held(connection: Connection) -> bytes | None:
    key: bytes | None = await connection.send("GET", keys.CURSOR_KEY)
    return key

"""The key that cursors are signed with: made once, the same in every process."""

import secrets
from typing import Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection

BYTES: Final = 32


async def cursor_key(connection: Connection) -> bytes:
    """The key, made by whoever asks first. Raises Unavailable."""
    await connection.send("SET", keys.CURSOR_KEY, secrets.token_bytes(BYTES), "NX")
    key: bytes = await connection.send("GET", keys.CURSOR_KEY)
    return key

"""``newsstand state``: what the state store is and holds, and confirming one that came back empty.

The store is the one that the settings name; the embedded one has to run.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import identity, keys
from service.adapters.redis.connection import Connection
from service.settings import Settings

SAMPLE: Final = 1_000_000
"""Keys that are looked at: a larger store is estimated from so many."""
Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a store holds; ``exact`` is False where articles and readers are an estimate."""

    identity: str
    articles: int
    readers: int
    exact: bool
    log_entries: int
    memory_bytes: int

    def __str__(self) -> str:
        about = "" if self.exact else "about "
        return (
            f"identity: {self.identity}\n"
            f"articles: {about}{self.articles:,}\n"
            f"readers: {about}{self.readers:,}\n"
            f"article log: {self.log_entries:,} entries\n"
            f"memory: {self.memory_bytes / 1e6:,.1f} MB"
        )


def show(settings: Settings, say: Say) -> None:
    """Say what the store holds. Raises SetupError, Unavailable."""
    say(str(asyncio.run(_connected(settings, holdings))))


def confirm(settings: Settings, say: Say) -> None:
    """Confirm the store. Raises SetupError, Unavailable."""
    chosen = asyncio.run(_connected(settings, identity.confirm))
    say(
        f"confirmed: {chosen}\n"
        "Every newsstand that lost its state goes on with this store, and restores the articles "
        "that it still has. Readers' histories that are not in it are lost."
    )


async def holdings(connection: Connection) -> Holdings:
    """What the store holds. Raises Unavailable."""
    total = sum(await connection.each("DBSIZE"))
    seen: Counter[str] = Counter()
    async for key in connection.scan(keys.EVERY):
        seen["keys"] += 1
        seen["articles"] += key.startswith(keys.ARTICLE_PREFIX)
        seen["readers"] += key.startswith(b"ns:history:")
        if seen["keys"] == SAMPLE:
            break
    exact = seen["keys"] < SAMPLE
    scale = 1.0 if exact else max(1.0, total / SAMPLE)
    return Holdings(
        identity=_said(await identity.held_ids(connection)),
        articles=round(scale * seen["articles"]),
        readers=round(scale * seen["readers"]),
        exact=exact,
        log_entries=await connection.send("XLEN", keys.ARTICLE_LOG),
        memory_bytes=sum(about["used_memory"] for about in await connection.each("INFO", "memory")),
    )


def _said(held: identity.Held) -> str:
    one = identity.the_one(held)
    if one is not None:
        return one
    missing = sum(place is None for place in held)
    if missing:
        return f"missing at {missing} of {len(held)} places"
    return f"{len(set(held))} different ones: parts of several stores"


async def _connected(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    url = settings.redis_url or EmbeddedValkey(settings.data_dir).url
    connection = Connection(url, durability=settings.durability)
    try:
        await connection.open()
        return await work(connection)
    finally:
        await connection.close()

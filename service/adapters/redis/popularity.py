"""What is read most: from the readers' outboxes to hourly counters to time-decayed weights."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.domain.fields import ArticleId

HOUR: Final = 3_600
WINDOW_HOURS: Final = 48
HALF_LIFE_HOURS: Final = 6.0
TOP: Final = 1_000
"""The articles read most in an hour: the others' clicks of that hour are not looked at."""
COUNTERS_LIVE_SECONDS: Final = 7 * 24 * HOUR
PIECE: Final = 1_000
START: Final = b"0-0"

Entry = tuple[bytes, Mapping[bytes, bytes]]


class RedisPopularity:
    """Counts what readers did and knows what is read most. Any number of processes may count."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changes: bytes | None = None
        self._minute = 0
        self._weights: Mapping[ArticleId, float] = {}

    def weights(self) -> Mapping[ArticleId, float]:
        """See ``ports.Popularity``."""
        return self._weights

    async def count(self, wait_ms: int) -> None:
        """Count what lies in the outboxes, waiting for something at most ``wait_ms``.

        Each entry is counted once, whatever process does it and wherever one dies: the counters
        and the position up to which they count change in one step. Raises Unavailable.
        """
        held = await self._connection.send("HMGET", keys.COUNTED, *range(keys.READER_PARTITIONS))
        positions = [position or START for position in held]
        names = [keys.outbox(partition) for partition in range(keys.READER_PARTITIONS)]
        found = await self._connection.send(
            *("XREAD", "COUNT", PIECE, "BLOCK", wait_ms, "STREAMS", *names, *positions)
        )
        for name, entries in found or []:
            partition = names.index(name.decode())
            await self._count_piece(partition, positions[partition], entries)

    async def refresh(self) -> None:
        """Learn the weights anew where the counters changed or time has passed."""
        now = time.time()
        changes = await self._connection.send("HGET", keys.COUNTED, "changes")
        if changes == self._changes and int(now) // 60 == self._minute:
            return
        this_hour = int(now) // HOUR
        hours = range(this_hour - WINDOW_HOURS + 1, this_hour + 2)
        counts = await self._connection.send_all(
            ("ZREVRANGE", keys.counter("click", hour), 0, TOP - 1, "WITHSCORES") for hour in hours
        )
        self._weights = _decayed(hours, counts, now)
        self._changes, self._minute = changes, int(now) // 60

    async def _count_piece(self, partition: int, after: bytes, entries: Sequence[Entry]) -> None:
        increments: Counter[tuple[str, bytes]] = Counter()
        oldest = int(time.time()) - COUNTERS_LIVE_SECONDS
        for _, fields in entries:
            moment = int(fields[b"timestamp"]) // 1000
            if moment > oldest:
                counter = keys.counter(fields[b"type"].decode(), moment // HOUR)
                increments[counter, fields[b"article"]] += 1
        last = entries[-1][0]
        arguments = [part for (_, article), n in increments.items() for part in (article, n)]
        counted = await self._connection.call(
            "count_events",
            [keys.COUNTED, *(counter for counter, _ in increments)],
            *(partition, after, last, COUNTERS_LIVE_SECONDS, *arguments),
        )
        if counted:
            await self._connection.send("XTRIM", keys.outbox(partition), "MINID", _next(last))


def _next(entry: bytes) -> str:
    moment, sequence = entry.decode().split("-")
    return f"{moment}-{int(sequence) + 1}"


def _decayed(
    hours: Sequence[int], counts: Sequence[Sequence[bytes]], now: float
) -> dict[ArticleId, float]:
    weights: dict[ArticleId, float] = {}
    for hour, articles in zip(hours, counts, strict=True):
        age = max(0.0, now / HOUR - (hour + 0.5))
        decay = 0.5 ** (age / HALF_LIFE_HOURS)
        for article, count in zip(articles[::2], articles[1::2], strict=True):
            article_id = ArticleId(article.decode())
            weights[article_id] = weights.get(article_id, 0.0) + float(count) * decay
    return weights

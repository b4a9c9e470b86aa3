"""What is read most: from the readers' outboxes to hourly counters, and from these to heat."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.streams import Entries
from service.adapters.redis.terms import KEPT, WRITE
from service.domain.fields import ArticleId
from service.domain.popularity import Exposure, Heat
from service.domain.standing import Lag

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
COUNTERS_LIVE_SECONDS: Final = 7 * DAY
EXPERIMENTS_LIVE_SECONDS: Final = 365 * DAY
HOURS_KEPT: Final = COUNTERS_LIVE_SECONDS // HOUR
TOP: Final = 2_000
"""The articles first in an hour's counter: the others of that hour are not looked at."""
NUMBERS_KEPT: Final = 200_000
PIECE: Final = 1_000
START: Final = b"0-0"
MINUTES_READ_AT_MOST: Final = 10.0
CLICK, IMPRESSION, READ = "click", "impression", "read"

Counts = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Articles by number, and how much of each."""
HeatKey = tuple[int, float, float]


@dataclass
class _Counters:
    """The hourly counters as they were last read, with articles as small numbers."""

    numbers: dict[ArticleId, int] = field(default_factory=dict)
    ids: list[ArticleId] = field(default_factory=list)
    counts: dict[tuple[str, int], Counts] = field(default_factory=dict)
    changes: dict[tuple[str, int], int] = field(default_factory=dict)

    def number(self, article: bytes) -> int:
        article_id = ArticleId(article.decode())
        number = self.numbers.setdefault(article_id, len(self.ids))
        if number == len(self.ids):
            self.ids.append(article_id)
        return number

    def summed(self, kind: str, weight_of: Callable[[int], float]) -> NDArray[np.float64]:
        """Every hour's counts times its weight, added up, by article."""
        total = np.zeros(len(self.ids))
        for (of_kind, hour), (numbers, amounts) in self.counts.items():
            weight = weight_of(hour) if of_kind == kind else 0.0
            if weight:
                total[numbers] += weight * amounts
        return total


class RedisPopularity:
    """Counts what readers did and knows what is read most. Any number of processes may count."""

    def __init__(self, connection: Connection, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since 1970."""
        self._connection = connection
        self._clock = clock
        self._counters = _Counters()
        self._changes: bytes | None = None
        self._minute = 0
        self._heat: dict[HeatKey, Heat] = {}
        self._exposure: Exposure | None = None
        self._found, self._as_of = 0, clock()

    @property
    def lag(self) -> Lag:
        """How far the counters are behind the outboxes, as far as this process knows: the entries
        that it last found there, and the seconds of which something may not be counted; up to a
        second where nothing is missing.
        """
        return Lag(self._found, max(0.0, self._clock() - self._as_of))

    def heat(self, window_hours: int, half_life_hours: float, dwell: float) -> Heat:
        """See ``ports.Popularity``."""
        key = (window_hours, half_life_hours, dwell)
        if key not in self._heat:
            self._heat[key] = self._heated(*key)
        return self._heat[key]

    def exposure(self) -> Exposure:
        """See ``ports.Popularity``."""
        if self._exposure is None:
            self._exposure = Exposure(
                self._counters.numbers,
                self._counters.summed(CLICK, lambda _: 1.0),
                self._counters.summed(IMPRESSION, lambda _: 1.0),
            )
        return self._exposure

    async def count(self, wait_ms: int) -> None:
        """Count what lies in the outboxes, waiting for something at most ``wait_ms``.

        Each entry is counted once, whatever process does it and wherever one dies: the counters
        and the position up to which they count change in one step. Raises Unavailable.
        """
        began = self._clock()
        held = await self._connection.send("HMGET", keys.COUNTED, *range(keys.READER_PARTITIONS))
        positions = [position or START for position in held]
        names = [keys.outbox(partition) for partition in range(keys.READER_PARTITIONS)]
        found = await self._connection.streams_after(
            dict(zip(names, positions, strict=True)), PIECE, wait_ms
        )
        for name, entries in found.items():
            partition = names.index(name)
            await self._count_piece(partition, positions[partition], entries)
        self._found = sum(map(len, found.values()))
        full = [_moment(entries[-1][0]) for entries in found.values() if len(entries) == PIECE]
        self._as_of = min([began, *full])

    async def refresh(self) -> None:
        """Read the counters that changed, and let time pass. Raises Unavailable."""
        now = self._clock()
        changes = await self._connection.send("HGET", keys.COUNTED, "changes")
        minute = int(now) // 60
        if changes == self._changes and minute == self._minute:
            return
        if changes != self._changes:
            await self._read_changed(int(now) // HOUR)
        self._changes, self._minute = changes, minute
        self._heat, self._exposure = {}, None

    async def _read_changed(self, this_hour: int) -> None:
        if len(self._counters.ids) > NUMBERS_KEPT:
            self._counters = _Counters()
        held = await self._connection.send("HGETALL", keys.COUNTED)
        said = {
            hour: int(amount)
            for name, amount in held.items()
            if (hour := keys.counted_hour(name)) is not None
        }
        past = [hour for hour in said if hour[1] <= this_hour - HOURS_KEPT]
        if past:
            await self._connection.send(
                *("HDEL", keys.COUNTED, *(keys.counter(kind, hour) for kind, hour in past)),
                terms=WRITE,
            )
        changed = [
            hour
            for hour, amount in said.items()
            if hour not in past and amount != self._counters.changes.get(hour)
        ]
        answers = await self._connection.send_all(
            ("ZREVRANGE", keys.counter(kind, hour), 0, TOP - 1, "WITHSCORES")
            for kind, hour in changed
        )
        for hour in [h for h in self._counters.counts if h[1] <= this_hour - HOURS_KEPT]:
            del self._counters.counts[hour], self._counters.changes[hour]
        for hour, answer in zip(changed, answers, strict=True):
            numbers = [self._counters.number(article) for article in answer[::2]]
            amounts = np.array(answer[1::2], np.float64)
            self._counters.counts[hour] = np.array(numbers, np.int64), amounts
            self._counters.changes[hour] = said[hour]

    def _heated(self, window_hours: int, half_life_hours: float, dwell: float) -> Heat:
        hours_now = self._clock() / HOUR

        def decay(hour: int) -> float:
            age = max(0.0, hours_now - (hour + 0.5))
            return 0.5 ** (age / half_life_hours) if age <= window_hours else 0.0

        heat_N = (1 - dwell) * self._counters.summed(CLICK, decay)
        if dwell:
            heat_N += dwell * self._counters.summed(READ, decay)
        order = np.argsort(-heat_N, kind="stable")[: np.count_nonzero(heat_N)]
        hottest = tuple(self._counters.ids[number] for number in order.tolist())
        return Heat(self._counters.numbers, heat_N, hottest)

    async def _count_piece(self, partition: int, after: bytes, entries: Entries) -> None:
        gains: dict[tuple[str, bytes, int], float] = defaultdict(float)
        oldest = int(self._clock()) - COUNTERS_LIVE_SECONDS
        for _, fields in entries:
            for counter, member, amount, life in _gains(fields, oldest):
                gains[counter, member, life] += amount
        last = entries[-1][0]
        counted = await self._connection.call(
            "count_events",
            [keys.COUNTED, *(counter for counter, _, _ in gains)],
            *(partition, after, last),
            *(part for (_, member, life), n in gains.items() for part in (member, repr(n), life)),
            terms=KEPT,  # what is trimmed from the outbox must have been counted
        )
        if counted:
            await self._connection.send(
                "XTRIM", keys.outbox(partition), "MINID", _next(last), terms=WRITE
            )


def _gains(fields: Mapping[bytes, bytes], oldest: int) -> Iterator[tuple[str, bytes, float, int]]:
    """What one event adds: counter, member, amount, the counter's life."""
    moment, article = int(fields[b"timestamp"]) // 1000, fields[b"article"]
    if moment > oldest:
        hour = moment // HOUR
        kind = fields[b"type"].decode()
        yield keys.counter(kind, hour), article, 1, COUNTERS_LIVE_SECONDS
        if kind == CLICK and b"read" in fields:
            minutes = min(float(fields[b"read"]) / 60, MINUTES_READ_AT_MOST)
            yield keys.counter(READ, hour), article, minutes, COUNTERS_LIVE_SECONDS
    if b"experiment" in fields:
        counter = keys.experiment(fields[b"experiment"].decode())
        for line in fields[b"gains"].splitlines():
            member, amount = line.split(b" ")
            yield counter, member, float(amount), EXPERIMENTS_LIVE_SECONDS


def _moment(entry: bytes) -> float:
    """Seconds since 1970."""
    return int(entry.partition(b"-")[0]) / 1000


def _next(entry: bytes) -> str:
    moment, sequence = entry.decode().split("-")
    return f"{moment}-{int(sequence) + 1}"

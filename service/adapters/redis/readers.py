"""Readers' histories in Redis."""

import asyncio
import hashlib
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.served_lists import read, written
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.domain.reader import Mark, MarkType, Reader
from service.domain.served import ServedList
from service.ports import Recorded, Vectors

MARKS_KEPT: Final = 1_000
EVENT_IDS_KEPT: Final = 200
EVENT_IDS_LIVE_MS: Final = 7 * 86_400_000
SHOWN_KEPT: Final = 200
SHOWN_TIMES: Final = 128
SERVED_KEPT: Final = 20
SERVED_LIVE_MS: Final = 7 * 86_400_000
UNWRITTEN_KEPT: Final = 10_000
UNWRITTEN_LIVE_MS: Final = 600_000
"""Less than ``ERASED_LIVE_MS``: a list that waits longer is forgotten; none outlives an erasure."""
CLOCKS_DIFFER_MS: Final = 250
ERASED_LIVE_MS: Final = 3_600_000
VERSION_BYTES: Final = 8
MODEL_BYTES: Final = 8
MARK_TYPES: Final[dict[str, MarkType]] = {"c": "click", "l": "like", "d": "dislike", "h": "hide"}


class RedisReaders:
    """The reader store of one model version."""

    def __init__(
        self, connection: Connection, *, model: str, history_length: int, reader_seconds: int
    ) -> None:
        self._connection = connection
        self._model_tag = _digest(model, MODEL_BYTES)
        self._history_length = history_length
        self._reader_seconds = reader_seconds
        self._unwritten: deque[tuple[UserId, int, str, str]] = deque(maxlen=UNWRITTEN_KEPT)
        self._writing = asyncio.Lock()

    async def read(self, user_id: UserId) -> Reader:
        """See ``ports.ReaderStore``."""
        history, vector, marks, shown = await self._connection.call(
            "read_reader",
            [
                keys.history(user_id),
                keys.reader_vector(user_id),
                keys.marks(user_id),
                keys.shown(user_id),
            ],
        )
        version = history[:VERSION_BYTES] if history else b""
        clicked, clicked_ms = _clicks(history) if history else ((), ())
        return Reader(
            clicked=clicked,
            clicked_ms=clicked_ms,
            version=int.from_bytes(version, "big"),
            vector=self._current(vector, version),
            marks=tuple(_marks(marks)),
            shown=dict(_shown(shown)),
        )

    async def record(self, events: Sequence[Event], arrival_ms: int) -> list[Recorded]:
        """See ``ports.ReaderStore``."""
        if any(event.recommendation_id is not None for event in events):
            await self.flush()
        positions: dict[UserId, list[int]] = {}
        for position, event in enumerate(events):
            positions.setdefault(UserId(event.user_id), []).append(position)
        answers = await self._connection.call_all(
            [
                (
                    "record_events",
                    [
                        keys.history(user_id),
                        keys.marks(user_id),
                        keys.events(user_id),
                        keys.outbox(keys.partition(user_id)),
                        keys.shown(user_id),
                        keys.served(user_id),
                        keys.tallies(user_id),
                    ],
                    [*self._limits(arrival_ms), *_arguments([events[p] for p in mine], arrival_ms)],
                )
                for user_id, mine in positions.items()
            ]
        )
        results = dict(
            zip(
                (position for mine in positions.values() for position in mine),
                (recorded for answer in answers for recorded in answer),
                strict=True,
            )
        )
        return [
            Recorded("recorded" if results[position] else "duplicate")
            for position in range(len(events))
        ]

    async def remember_vector(self, user_id: UserId, version: int, vector_D: Vectors) -> None:
        """See ``ports.ReaderStore``."""
        stamp = version.to_bytes(VERSION_BYTES, "big")
        await self._connection.call(
            "remember_vector",
            [keys.history(user_id), keys.reader_vector(user_id)],
            stamp,
            stamp + self._model_tag + vector_D.tobytes(),
        )

    def remember_served(self, user_id: UserId, served: ServedList) -> None:
        """See ``ports.ReaderStore``."""
        entry = (user_id, served.moment_ms, served.recommendation_id, written(served))
        self._unwritten.append(entry)

    async def flush(self) -> None:
        """Write the lists that were served since the last time. Raises Unavailable, and then they
        are written next time.
        """
        async with self._writing:  # who waits here finds what was being written, written
            if self._unwritten:
                await self._write()

    async def _write(self) -> None:
        lists = list(self._unwritten)
        self._unwritten.clear()
        now_ms = int(time.time() * 1000)
        written_late = now_ms - UNWRITTEN_LIVE_MS
        try:
            await self._connection.call_all(
                [
                    (
                        "remember_served",
                        [keys.served(user_id), keys.erased(keys.partition(user_id))],
                        [SERVED_KEPT, SERVED_LIVE_MS, now_ms, recommendation_id, text],
                    )
                    for user_id, moment_ms, recommendation_id, text in lists
                    if moment_ms > written_late
                ]
            )
        except BaseException:
            self._unwritten = deque([*lists, *self._unwritten], UNWRITTEN_KEPT)
            raise

    async def served(self, user_id: UserId) -> list[ServedList]:
        """See ``ports.ReaderStore``."""
        await self.flush()
        held = await self._connection.send("HGETALL", keys.served(user_id))
        lists = [read(name.decode(), text.decode()) for name, text in held.items()]
        return sorted(lists, key=lambda served: served.moment_ms)

    async def tallies(self, user_id: UserId) -> dict[str, tuple[int, int]]:
        """See ``ports.ReaderStore``."""
        held = await self._connection.send("HGETALL", keys.tallies(user_id))
        tallies = {name.decode(): text.decode().split(" ") for name, text in held.items()}
        return {name: (int(seen), int(clicked)) for name, (seen, clicked) in tallies.items()}

    async def event_id_digests(self, user_id: UserId) -> list[bytes]:
        """See ``ports.ReaderStore``."""
        digests: list[bytes] = await self._connection.send("ZRANGE", keys.events(user_id), 0, -1)
        return digests

    async def ping(self) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.send("PING")

    async def erase(self, user_id: UserId) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.call(
            "erase_reader",
            [keys.erased(keys.partition(user_id)), *keys.reader(user_id)],
            *(CLOCKS_DIFFER_MS, ERASED_LIVE_MS),
        )

    def _current(self, value: bytes | None, version: bytes) -> Vectors | None:
        if value is None or not value.startswith(version + self._model_tag):
            return None
        return np.frombuffer(value, np.float16, offset=VERSION_BYTES + MODEL_BYTES)

    def _limits(self, arrival_ms: int) -> tuple[int, ...]:
        return (
            arrival_ms,
            self._reader_seconds,
            self._history_length,
            MARKS_KEPT,
            EVENT_IDS_KEPT,
            EVENT_IDS_LIVE_MS,
            SHOWN_KEPT,
        )


def _arguments(events: Sequence[Event], arrival_ms: int) -> Iterator[str | bytes | int]:
    for event in events:
        moment = event.timestamp
        yield event.type
        yield event.article_id
        yield arrival_ms if moment is None else int(moment.timestamp() * 1000)
        yield _digest(event.event_id, 8) if event.event_id is not None else b""
        yield event.recommendation_id or b""
        yield b"" if event.dwell_seconds is None else repr(event.dwell_seconds)


def _clicks(history: bytes) -> tuple[tuple[ArticleId, ...], tuple[int, ...]]:
    (count,) = struct.unpack_from(">H", history, VERSION_BYTES)
    halves = struct.unpack_from(">" + "HI" * count, history, VERSION_BYTES + 2)
    timestamps = tuple(
        (high << 32) + low for high, low in zip(halves[::2], halves[1::2], strict=True)
    )
    articles = history[VERSION_BYTES + 2 + 6 * count :].decode().split("\n")
    return tuple(map(ArticleId, articles)), timestamps


def _marks(values: Sequence[bytes]) -> Iterator[Mark]:
    for member, score in zip(values[::2], values[1::2], strict=True):
        text = member.decode()
        yield Mark(MARK_TYPES[text[0]], ArticleId(text[1:]), int(float(score)))


def _shown(values: Sequence[bytes]) -> Iterator[tuple[ArticleId, int]]:
    for member, score in zip(values[::2], values[1::2], strict=True):
        yield ArticleId(member.decode()), int(float(score)) % SHOWN_TIMES


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()

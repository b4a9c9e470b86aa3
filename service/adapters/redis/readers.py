"""Readers' histories in Redis."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.domain.reader import Mark, MarkType, Reader
from service.ports import Recorded, Vectors

MARKS_KEPT: Final = 1_000
EVENT_IDS_KEPT: Final = 200
EVENT_IDS_LIVE_MS: Final = 7 * 86_400_000
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

    async def read(self, user_id: UserId) -> Reader:
        """See ``ports.ReaderStore``."""
        history, vector, marks = await self._connection.call(
            "read_reader",
            [keys.history(user_id), keys.reader_vector(user_id), keys.marks(user_id)],
        )
        version = history[:VERSION_BYTES] if history else b""
        clicked, clicked_ms = _clicks(history) if history else ((), ())
        return Reader(
            clicked=clicked,
            clicked_ms=clicked_ms,
            version=int.from_bytes(version, "big"),
            vector=self._current(vector, version),
            marks=tuple(_marks(marks)),
        )

    async def record(self, events: Sequence[Event], arrival_ms: int) -> list[Recorded]:
        """See ``ports.ReaderStore``."""
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

    async def event_id_digests(self, user_id: UserId) -> list[bytes]:
        """See ``ports.ReaderStore``."""
        digests: list[bytes] = await self._connection.send("ZRANGE", keys.events(user_id), 0, -1)
        return digests

    async def ping(self) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.send("PING")

    async def erase(self, user_id: UserId) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.send("DEL", *keys.reader(user_id))

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
        )


def _arguments(events: Sequence[Event], arrival_ms: int) -> Iterator[str | bytes | int]:
    for event in events:
        moment = event.timestamp
        yield event.type
        yield event.article_id
        yield arrival_ms if moment is None else int(moment.timestamp() * 1000)
        yield _digest(event.event_id, 8) if event.event_id is not None else b""


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


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()

"""Readers' histories in Redis."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from service.adapters.redis import histories, keys, stored_readers
from service.adapters.redis.connection import Connection
from service.adapters.redis.histories import MODEL_BYTES, VERSION_BYTES
from service.adapters.redis.terms import KEPT, PROMPT, READ, WRITE
from service.adapters.redis.unwritten import Unwritten
from service.domain.event import Event
from service.domain.fields import UserId
from service.domain.reader import Reader
from service.domain.served import ServedList
from service.domain.stored_reader import StoredReader
from service.ports import Recorded, Vectors

MARKS_KEPT: Final = 1_000
EVENT_IDS_KEPT: Final = 200
EVENT_IDS_LIVE_MS: Final = 7 * 86_400_000
SHOWN_KEPT: Final = 200
CLOCKS_DIFFER_MS: Final = 250
ERASED_LIVE_MS: Final = 7 * 86_400_000
"""So long is remembered that something was erased, for the append-only file to be rewritten."""


class RedisReaders:
    """The reader store of one model version."""

    def __init__(
        self,
        connection: Connection,
        *,
        model: str,
        history_length: int,
        reader_seconds: int,
        unwritten: Unwritten | None = None,
    ) -> None:
        """``unwritten`` are the lists that this process has served, under whatever model."""
        self._connection = connection
        self._model_tag = _digest(model, MODEL_BYTES)
        self._history_length = history_length
        self._reader_seconds = reader_seconds
        self._unwritten = unwritten or Unwritten(connection)

    async def read(self, user_id: UserId) -> Reader:
        """See ``ports.ReaderStore``."""
        # Marks after the history: a click that leaves the one for the other is seen in either.
        # No script: while a slot of a Cluster moves, one of several keys would be refused there.
        history, vector, marks, shown = await self._connection.send_all(
            [
                ("GET", keys.history(user_id)),
                ("GET", keys.reader_vector(user_id)),
                ("ZRANGE", keys.marks(user_id), 0, -1, "WITHSCORES"),
                ("ZRANGE", keys.shown(user_id), 0, -1, "WITHSCORES"),
            ],
            terms=PROMPT,
        )
        version = history[:VERSION_BYTES] if history else b""
        clicked, clicked_ms = histories.unpacked(history) if history else ((), ())
        return Reader(
            clicked=clicked,
            clicked_ms=clicked_ms,
            version=histories.version_of(version),
            vector=self._current(vector, version),
            marks=tuple(histories.marks(marks)),
            shown={article: times for article, _, times in histories.shown(shown)},
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
            ],
            terms=KEPT,
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
        stamp = histories.stamped(version)
        await self._connection.call(
            "remember_vector",
            [keys.history(user_id), keys.reader_vector(user_id)],
            stamp,
            stamp + self._model_tag + vector_D.tobytes(),
        )

    def remember_served(self, user_id: UserId, served: ServedList) -> None:
        """See ``ports.ReaderStore``."""
        self._unwritten.add(user_id, served)

    async def flush(self) -> None:
        """Write the lists that were served since the last time. Raises Unavailable."""
        await self._unwritten.flush()

    async def stored(self, user_id: UserId) -> StoredReader | None:
        """See ``ports.ReaderStore``."""
        await self.flush()
        (answer,) = await self._connection.call_all(
            [stored_readers.export_call(user_id)], terms=READ
        )
        return stored_readers.record(user_id, answer)

    async def ping(self) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.send("PING", terms=WRITE)

    async def erase(self, user_id: UserId) -> None:
        """See ``ports.ReaderStore``."""
        await self._connection.call(
            "erase_reader",
            [keys.erased(keys.partition(user_id)), *keys.reader(user_id)],
            *(CLOCKS_DIFFER_MS, ERASED_LIVE_MS),
            terms=KEPT,
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


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()

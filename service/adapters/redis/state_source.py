"""The whole state out of Redis, record by record."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

from service.adapters.redis import keys, stored_readers
from service.adapters.redis.articles import DIGEST_BYTES
from service.adapters.redis.connection import Connection
from service.adapters.redis.expiry import moment
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.terms import READ
from service.domain.article import Article
from service.domain.fields import ArticleId, UserId
from service.transfer.records import (
    ArticleCount,
    ArticleRecord,
    ArticleVector,
    CounterRecord,
    ExperimentRecord,
    Kind,
    Record,
    StoredDocument,
    VariantAmount,
)
from service.transfer.store import Name, Wanted

READ_AT_ONCE: Final = 200
COUNTS_A_RECORD: Final = 1_000


class RedisStateSource:
    """See ``transfer.store.StateSource``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def settle(self) -> None:
        """See ``transfer.store.StateSource``."""
        newest = await self._connection.send_all(
            ("XREVRANGE", keys.outbox(partition), "+", "-", "COUNT", 1)
            for partition in range(keys.READER_PARTITIONS)
        )
        waiting = {
            partition: _entry(entries[0][0]) for partition, entries in enumerate(newest) if entries
        }
        popularity = RedisPopularity(self._connection)
        while waiting:
            held = await self._connection.send("HMGET", keys.COUNTED, *waiting)
            counted = dict(zip(waiting, held, strict=True))
            waiting = {
                partition: last
                for partition, last in waiting.items()
                if counted[partition] is None or _entry(counted[partition]) < last
            }
            if waiting:
                await popularity.count(1)

    async def names(self) -> AsyncIterator[Name]:
        """See ``transfer.store.StateSource``."""
        async for key in self._connection.scan(keys.EVERY):
            name = _name(key)
            if name is not None:
                yield name

    async def read(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Record]:
        """See ``transfer.store.StateSource``."""
        match kind:
            case "article":
                return [record async for record in self._articles(wanted)]
            case "reader":
                return [record async for record in self._readers(wanted)]
            case "counter":
                return [record async for record in self._counters(wanted)]
            case "experiment":
                return [record async for record in self._experiments(wanted)]

    async def _articles(self, wanted: Sequence[Wanted]) -> AsyncIterator[Record]:
        for some in _pieces(wanted):
            answers = await self._connection.call_all(
                [("export_article", _article_keys(one), []) for one in some], terms=READ
            )
            for one, (fields, expiry, *vectors) in zip(some, answers, strict=True):
                record = ArticleRecord(
                    article_id=one.owner,
                    document=_document(fields, expiry),
                    vectors=tuple(
                        _vector(model, value, vector_expiry)
                        for model, (value, vector_expiry) in zip(one.details, vectors, strict=True)
                        if value is not None
                    ),
                )
                if record.document or record.vectors:
                    yield record

    async def _readers(self, wanted: Sequence[Wanted]) -> AsyncIterator[Record]:
        for some in _pieces(wanted):
            ids = [UserId(one.owner) for one in some]
            answers = await self._connection.call_all(
                [stored_readers.export_call(user_id) for user_id in ids], terms=READ
            )
            for user_id, answer in zip(ids, answers, strict=True):
                record = stored_readers.record(user_id, answer)
                if record is not None:
                    yield record

    async def _counters(self, wanted: Sequence[Wanted]) -> AsyncIterator[Record]:
        for one in wanted:
            event_type, _, hour = one.owner.partition(" ")
            amounts, expires_ms = await self._amounts(keys.counter(event_type, int(hour)))
            for first in range(0, len(amounts), COUNTS_A_RECORD):
                yield CounterRecord(
                    event_type=event_type,
                    hour=int(hour),
                    counts=tuple(
                        ArticleCount(article_id=article_id, amount=amount)
                        for article_id, amount in amounts[first : first + COUNTS_A_RECORD]
                    ),
                    expires_ms=expires_ms,
                )

    async def _experiments(self, wanted: Sequence[Wanted]) -> AsyncIterator[Record]:
        for one in wanted:
            amounts, expires_ms = await self._amounts(keys.experiment(one.owner))
            members = [(*member.rpartition("/")[::2], amount) for member, amount in amounts]
            if members:
                yield ExperimentRecord(
                    experiment=one.owner,
                    amounts=tuple(
                        VariantAmount(variant=variant, field=field, amount=amount)
                        for variant, field, amount in members
                    ),
                    expires_ms=expires_ms,
                )

    async def _amounts(self, counter: str) -> tuple[list[tuple[str, float]], int | None]:
        """The counter's members and amounts, by member."""
        held, expiry = await self._connection.send_all(
            [("ZRANGE", counter, 0, -1, "WITHSCORES"), ("PEXPIRETIME", counter)]
        )
        members = zip(
            (member.decode() for member in held[::2]), map(float, held[1::2]), strict=True
        )
        return sorted(members), moment(expiry)


def _name(key: bytes) -> Name | None:
    if key.startswith(keys.ARTICLE_PREFIX):
        return Name("article", keys.article_of(key))
    if (vector := keys.vector_of(key)) is not None:
        return Name("article", *vector)
    if (user_id := keys.reader_of(key)) is not None:
        return Name("reader", user_id)
    if (hour := keys.counted_hour(key)) is not None:
        return Name("counter", f"{hour[0]} {hour[1]}")
    if (experiment := keys.experiment_of(key)) is not None:
        return Name("experiment", experiment)
    return None


def _pieces(wanted: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for first in range(0, len(wanted), READ_AT_ONCE):
        yield wanted[first : first + READ_AT_ONCE]


def _article_keys(wanted: Wanted) -> list[str]:
    article_id = ArticleId(wanted.owner)
    return [keys.article(article_id), *(keys.vector(article_id, m) for m in wanted.details)]


def _document(fields: Sequence[Any], expiry: int) -> StoredDocument | None:
    document, revision, ingested = fields
    if document is None:
        return None
    return StoredDocument(
        article=Article.model_validate_json(document),
        revision=int(revision),
        ingested_us=int(ingested),
        expires_ms=moment(expiry),
    )


def _vector(model: str, value: bytes, expiry: int) -> ArticleVector:
    return ArticleVector(
        model=model,
        inputs_digest=value[:DIGEST_BYTES],
        vector=value[DIGEST_BYTES:],
        expires_ms=moment(expiry),
    )


def _entry(name: bytes) -> tuple[int, int]:
    at, _, sequence = name.decode().partition("-")
    return int(at), int(sequence)

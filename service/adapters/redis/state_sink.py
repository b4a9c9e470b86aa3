"""The whole state into Redis, record by record."""

from collections.abc import Sequence
from typing import Final

from service.adapters.redis import keys, stored_readers
from service.adapters.redis.article_log import logged
from service.adapters.redis.connection import Call, Connection
from service.adapters.redis.expiry import argument
from service.adapters.redis.state_source import RedisStateSource
from service.adapters.redis.terms import KEPT
from service.domain.fields import ArticleId
from service.domain.stored_reader import StoredReader
from service.transfer.records import ArticleRecord, CounterRecord, ExperimentRecord, Record

REMEMBERED_SECONDS: Final = 7 * 86_400


class RedisStateSink:
    """See ``transfer.store.StateSink``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def is_empty(self) -> bool:
        """See ``transfer.store.StateSink``."""
        async for _ in RedisStateSource(self._connection).names():
            return False
        return True

    async def write(self, records: Sequence[Record]) -> None:
        """See ``transfer.store.StateSink``."""
        answers = await self._connection.call_all([_call(record) for record in records], terms=KEPT)
        changed = [
            (ArticleId(record.article_id), record.document.revision)
            for record, answer in zip(records, answers, strict=True)
            if isinstance(record, ArticleRecord) and record.document and answer
        ]
        await logged(self._connection, "put", changed)

    async def imported(self, export_id: str) -> int | None:
        """See ``transfer.store.StateSink``."""
        held = await self._connection.send("GET", keys.imported(export_id))
        return None if held is None else int(held)

    async def remember_imported(self, export_id: str, records: int) -> None:
        """See ``transfer.store.StateSink``."""
        key = keys.imported(export_id)
        await self._connection.send("SET", key, records, "EX", REMEMBERED_SECONDS, terms=KEPT)


def _call(record: Record) -> Call:
    match record:
        case ArticleRecord():
            return _article_call(record)
        case StoredReader():
            return stored_readers.import_call(record)
        case CounterRecord():
            counter = keys.counter(record.event_type, record.hour)
            amounts = [(count.article_id, count.amount) for count in record.counts]
        case ExperimentRecord():
            counter = keys.experiment(record.experiment)
            amounts = [(f"{sum_.variant}/{sum_.field}", sum_.amount) for sum_ in record.amounts]
    gains = [part for member, amount in amounts for part in (repr(amount), member)]
    return "import_counter", [keys.COUNTED, counter], [argument(record.expires_ms), *gains]


def _article_call(record: ArticleRecord) -> Call:
    article_id, held = ArticleId(record.article_id), record.document
    document: list[str | bytes | int] = ["", 0, 0, ""]
    if held is not None:
        text = held.article.model_dump_json(exclude_none=True)
        document = [text, held.revision, held.ingested_us, argument(held.expires_ms)]
    vectors = [
        part
        for vector in record.vectors
        for part in (vector.inputs_digest + vector.vector, argument(vector.expires_ms))
    ]
    names = [keys.vector(article_id, vector.model) for vector in record.vectors]
    return (
        "import_article",
        [
            keys.article(article_id),
            keys.withdrawn(article_id),
            *names,
        ],
        [*document, *vectors],
    )

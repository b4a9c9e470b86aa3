"""Articles, their vectors and the article log in Redis."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from service.adapters.redis import keys
from service.adapters.redis.connection import Call, Connection, answering
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.ports import ArticleWrite, LogEntry, StoredArticle, Vectors, Written

LOG_ENTRIES_KEPT: Final = 1_000_000
EXPIRED_STAY_READABLE_SECONDS: Final = 86_400
BATCH: Final = 500
DIGEST_BYTES: Final = 16


class RedisArticles:
    """The article store of one model version."""

    def __init__(
        self,
        connection: Connection,
        *,
        model: str,
        article_seconds: float,
        vector_seconds: float,
    ) -> None:
        """``article_seconds``: how long an article without ``expires_at`` lives;
        ``vector_seconds``: how much longer its vector stays, for the histories that hold it.
        """
        self._connection = connection
        self._model = model
        self._article_seconds = article_seconds
        self._vector_seconds = vector_seconds

    async def digests(self, article_ids: Sequence[ArticleId]) -> list[bytes | None]:
        """See ``ports.ArticleStore``."""
        answers = await self._connection.send_all(
            ("GETRANGE", keys.vector(article_id, self._model), 0, DIGEST_BYTES - 1)
            for article_id in article_ids
        )
        return [digest or None for digest in answers]

    async def put(self, writes: Sequence[ArticleWrite]) -> list[Written | None]:
        """See ``ports.ArticleStore``."""
        answers = await self._connection.call_all([self._put_call(write) for write in writes])
        results = [_written(answer) for answer in answers]
        await self._log(
            "put",
            [
                (write.article_id, result.revision)
                for write, result in zip(writes, results, strict=True)
                if result is not None
            ],
        )
        return results

    async def keep_vectors(
        self, articles: Sequence[StoredArticle], digests: Sequence[bytes], vectors_ND: Vectors
    ) -> None:
        """See ``ports.ArticleStore``."""
        stay_ms = int(1000 * self._vector_seconds)
        await self._connection.call_all(
            [
                (
                    "keep_vector",
                    [keys.article(a.article_id), keys.vector(a.article_id, self._model)],
                    [a.revision, digest + vector_D.tobytes(), stay_ms],
                )
                for a, digest, vector_D in zip(articles, digests, vectors_ND, strict=True)
            ]
        )

    async def withdraw(self, article_id: ArticleId) -> int:
        """See ``ports.ArticleStore``."""
        revision = int(await self._connection.call("withdraw_article", [keys.article(article_id)]))
        await self._log("withdraw", [(article_id, revision)])
        return revision

    async def get(self, article_ids: Sequence[ArticleId]) -> list[StoredArticle | None]:
        """See ``ports.ArticleStore``."""
        answers = await self._connection.send_all(
            command
            for article_id in article_ids
            for command in (
                ("HMGET", keys.article(article_id), "document", "revision", "ingested"),
                ("GET", keys.vector(article_id, self._model)),
            )
        )
        return [
            _stored(article_id, fields, vector)
            for article_id, fields, vector in zip(
                article_ids, answers[::2], answers[1::2], strict=True
            )
        ]

    async def vectors(self, article_ids: Sequence[ArticleId]) -> Mapping[ArticleId, Vectors]:
        """See ``ports.ArticleStore``."""
        answers = await self._connection.send_all(
            ("GET", keys.vector(article_id, self._model)) for article_id in article_ids
        )
        return {
            article_id: _vector(value)
            for article_id, value in zip(article_ids, answers, strict=True)
            if value is not None
        }

    async def all(self) -> AsyncIterator[list[StoredArticle]]:
        """Every stored article, in batches; one that changes meanwhile may come in any state."""
        batch: list[ArticleId] = []
        with answering():
            async for key in self._connection.client.scan_iter(
                match=keys.ARTICLE_PREFIX + b"*", count=1000
            ):
                batch.append(keys.article_of(key))
                if len(batch) == BATCH:
                    yield [found for found in await self.get(batch) if found is not None]
                    batch = []
        yield [found for found in await self.get(batch) if found is not None]

    async def log_position(self) -> bytes:
        """The article log's last entry, to read on from."""
        newest = await self._connection.send("XREVRANGE", keys.ARTICLE_LOG, "+", "-", "COUNT", 1)
        return newest[0][0] if newest else b"0-0"

    async def log_after(self, position: bytes, wait_ms: int) -> tuple[bytes, list[LogEntry]]:
        """What was logged after ``position``, waiting for it at most ``wait_ms``, and the new
        position.
        """
        answer = await self._connection.send(
            *("XREAD", "COUNT", 100, "BLOCK", wait_ms, "STREAMS", keys.ARTICLE_LOG, position)
        )
        if not answer:
            return position, []
        entries = answer[0][1]
        return entries[-1][0], [change for _, fields in entries for change in _changes(fields)]

    def _put_call(self, write: ArticleWrite) -> Call:
        now = time.time()
        expires = now + self._article_seconds
        if write.article.expires_at is not None:
            expires = max(write.article.expires_at.timestamp(), now)
        return (
            "put_article",
            [keys.article(write.article_id), keys.vector(write.article_id, self._model)],
            [
                write.article.model_dump_json(exclude_none=True),
                write.digest,
                b"" if write.vector is None else write.digest + write.vector.tobytes(),
                int(1000 * (expires + EXPIRED_STAY_READABLE_SECONDS)),
                int(1000 * (expires + EXPIRED_STAY_READABLE_SECONDS + self._vector_seconds)),
            ],
        )

    async def _log(self, operation: str, changes: Sequence[tuple[ArticleId, int]]) -> None:
        if changes:
            lines = "\n".join(f"{article_id} {revision}" for article_id, revision in changes)
            await self._connection.send(
                *("XADD", keys.ARTICLE_LOG, "MAXLEN", "~", LOG_ENTRIES_KEPT, "*", operation, lines)
            )


def _written(answer: list[Any]) -> Written | None:
    if answer[0] == b"stale":
        return None
    status, revision, ingested = answer
    return Written(status.decode(), revision, ingested / 1e6)


def _stored(
    article_id: ArticleId, fields: list[bytes | None], vector: bytes | None
) -> StoredArticle | None:
    document, revision, ingested = fields
    if document is None or revision is None or ingested is None:
        return None
    return StoredArticle(
        article_id,
        Article.model_validate_json(document),
        int(revision),
        int(ingested) / 1e6,
        None if vector is None else _vector(vector),
    )


def _vector(value: bytes) -> Vectors:
    return np.frombuffer(value, np.float16, offset=DIGEST_BYTES)


def _changes(fields: Mapping[bytes, bytes]) -> Iterable[LogEntry]:
    for operation, lines in fields.items():
        for line in lines.decode().splitlines():
            article_id, revision = line.split(" ")
            yield LogEntry(ArticleId(article_id), int(revision), operation == b"withdraw")

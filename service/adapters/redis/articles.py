"""Articles, their vectors and the article log in Redis."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from service.adapters.redis import keys
from service.adapters.redis.article_log import logged
from service.adapters.redis.connection import Call, Connection
from service.adapters.redis.terms import KEPT, PROMPT, READ, WRITE, Terms
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.ports import ArticleWrite, StoredArticle, Vectors, Written

EXPIRED_STAY_READABLE_SECONDS: Final = 86_400
WITHDRAWN_REMEMBERED_MS: Final = 86_400_000
BATCH: Final = 500
DIGEST_BYTES: Final = 16
_log = logging.getLogger(__name__)


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
        answers = await self._connection.call_all(
            [self._put_call(write) for write in writes], terms=KEPT
        )
        results = [_written(answer) for answer in answers]
        await logged(
            self._connection,
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
                    [a.revision, _value(digest, vector_D), stay_ms],
                )
                for a, digest, vector_D in zip(articles, digests, vectors_ND, strict=True)
            ]
        )

    async def withdraw(self, article_id: ArticleId) -> int:
        """See ``ports.ArticleStore``."""
        answer = await self._connection.call(
            "withdraw_article",
            [keys.article(article_id), keys.withdrawn(article_id)],
            WITHDRAWN_REMEMBERED_MS,
            terms=KEPT,
        )
        revision = int(answer)
        await logged(self._connection, "withdraw", [(article_id, revision)])
        return revision

    async def withdraw_again(self, withdrawals: Mapping[ArticleId, int]) -> None:
        """See ``ports.ArticleStore``."""
        stands = await self._connection.call_all(
            [
                (
                    "withdraw_again",
                    [keys.article(article_id), keys.withdrawn(article_id)],
                    [revision, WITHDRAWN_REMEMBERED_MS],
                )
                for article_id, revision in withdrawals.items()
            ],
            terms=KEPT,
        )
        changes = [change for change, s in zip(withdrawals.items(), stands, strict=True) if s]
        await logged(self._connection, "withdraw", changes)

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
        return await self._vectors(article_ids, READ)

    async def vectors_promptly(
        self, article_ids: Sequence[ArticleId]
    ) -> Mapping[ArticleId, Vectors]:
        """See ``ports.ArticleStore``."""
        return await self._vectors(article_ids, PROMPT)

    async def _vectors(
        self, article_ids: Sequence[ArticleId], terms: Terms
    ) -> Mapping[ArticleId, Vectors]:
        answers = await self._connection.send_all(
            (("GET", keys.vector(article_id, self._model)) for article_id in article_ids),
            terms=terms,
        )
        return {
            article_id: _vector(value)
            for article_id, value in zip(article_ids, answers, strict=True)
            if value is not None
        }

    async def forget_model(self, model: str, still: Callable[[], Awaitable[bool]]) -> None:
        """See ``ports.ArticleStore``."""
        found: list[bytes] = []
        async for key in self._connection.scan(keys.vectors_under(model)):
            found.append(key)
            if len(found) == BATCH:
                if not await still():
                    return
                await self._remove(found)
                found = []
        if await still():
            await self._remove(found)

    async def ids(self) -> AsyncIterator[list[ArticleId]]:
        """See ``ports.ArticleStore``."""
        batch: list[ArticleId] = []
        async for key in self._connection.scan(keys.ARTICLE_PREFIX + b"*"):
            batch.append(keys.article_of(key))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def revisions(self, article_ids: Sequence[ArticleId]) -> list[int | None]:
        """See ``ports.ArticleStore``."""
        answers = await self._connection.send_all(
            ("HGET", keys.article(article_id), "revision") for article_id in article_ids
        )
        return [None if revision is None else int(revision) for revision in answers]

    async def log_again(self, changes: Mapping[ArticleId, int]) -> None:
        """See ``ports.ArticleStore``."""
        await logged(self._connection, "put", list(changes.items()))

    async def restore(self, articles: Sequence[StoredArticle], digests: Sequence[bytes]) -> None:
        """See ``ports.ArticleStore``."""
        calls = [self._restore_call(a, d) for a, d in zip(articles, digests, strict=True)]
        stands = await self._connection.call_all(calls, terms=KEPT)
        await self.log_again(
            {a.article_id: a.revision for a, s in zip(articles, stands, strict=True) if s}
        )

    async def _remove(self, found: Sequence[bytes]) -> None:
        await self._connection.send_all((("DEL", key) for key in found), terms=WRITE)

    def _restore_call(self, stored: StoredArticle, digest: bytes) -> Call:
        if stored.vector is None:
            raise ValueError("an article without a vector cannot be restored")
        document_ms, vector_ms = self._lives_ms(stored.article, stored.revision / 1e6)
        return (
            "import_article",
            [
                keys.article(stored.article_id),
                keys.withdrawn(stored.article_id),
                keys.vector(stored.article_id, self._model),
            ],
            [
                stored.article.model_dump_json(exclude_none=True),
                stored.revision,
                round(stored.ingested_at * 1e6),
                document_ms,
                _value(digest, stored.vector),
                vector_ms,
            ],
        )

    def _lives_ms(self, article: Article, since: float) -> tuple[int, int]:
        """Until when the document and the vector live, of an article that came ``since``."""
        expires = since + self._article_seconds
        if article.expires_at is not None:
            expires = max(article.expires_at.timestamp(), since)
        document = expires + EXPIRED_STAY_READABLE_SECONDS
        return int(1000 * document), int(1000 * (document + self._vector_seconds))

    def _put_call(self, write: ArticleWrite) -> Call:
        document_ms, vector_ms = self._lives_ms(write.article, time.time())
        return (
            "put_article",
            [
                keys.article(write.article_id),
                keys.vector(write.article_id, self._model),
                keys.withdrawn(write.article_id),
                *(keys.vector(write.article_id, model) for model in write.others),
            ],
            [
                write.article.model_dump_json(exclude_none=True),
                write.digest,
                _value(write.digest, write.vector),
                document_ms,
                vector_ms,
                *(_value(other.digest, other.vector) for other in write.others.values()),
            ],
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
    try:
        article = Article.model_validate_json(document)
    except ValidationError:  # another release wrote it, or nobody did
        _log.error("article %s cannot be read: it is left out", article_id)
        return None
    return StoredArticle(
        article_id,
        article,
        int(revision),
        int(ingested) / 1e6,
        None if vector is None else _vector(vector),
        None if vector is None else vector[:DIGEST_BYTES],
    )


def _value(digest: bytes, vector_D: Vectors | None) -> bytes:
    """What is stored of a vector; nothing where what is stored is to stay."""
    return b"" if vector_D is None else digest + vector_D.tobytes()


def _vector(value: bytes) -> Vectors:
    return np.frombuffer(value, np.float16, offset=DIGEST_BYTES)

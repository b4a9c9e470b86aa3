"""The article store: revisions, vectors, the log."""

import time

import numpy as np
import pytest

from model_store.inputs import NewsInputs
from service.adapters.redis import keys
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.ports import ArticleWrite, LogPiece, StoredArticle
from tests.contract.conftest import Run

A = ArticleId("a")
REVISION = int(time.time() * 1e6) - 1_000_000


def articles(connection: Connection, model: str = "m@1") -> RedisArticles:
    return RedisArticles(connection, model=model, article_seconds=1000, vector_seconds=1000)


def write(title: str, vector: float | None = 1.0, category: str = "x") -> ArticleWrite:
    return ArticleWrite(
        A,
        Article(title=title, category=category),
        NewsInputs(title).digest(),
        None if vector is None else np.full(4, vector, np.float16),
    )


def test_revisions_grow_also_through_a_withdrawal(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        (first,) = await store.put([write("one")])
        (second,) = await store.put([write("two")])
        withdrawn = await store.withdraw(A)
        (third,) = await store.put([write("two")])
        assert None not in (first, second, third)
        assert first.revision < second.revision < withdrawn < third.revision
        assert (first.status, second.status, third.status) == ("created", "updated", "created")
        assert first.ingested_at == second.ingested_at < third.ingested_at

    with_store(story)


def test_a_text_that_changed_meanwhile_must_be_encoded(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        await store.put([write("one")])
        (kept,) = await store.put([write("one", None, category="y")])
        assert kept
        assert kept.status == "updated"
        await store.put([write("two", 2.0)])
        assert await store.put([write("one", None)]) == [None]
        (held,) = await store.get([A])
        assert held
        assert held.vector is not None
        assert (held.article.title, held.vector[0]) == ("two", 2.0)

    with_store(story)


def test_a_vector_belongs_to_one_model(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        old, new = articles(connection, "m@1"), articles(connection, "m@2")
        await old.put([write("one")])
        assert await old.digests([A]) == [NewsInputs("one").digest()]
        assert await new.digests([A]) == [None]
        (bare,) = await new.get([A])
        assert bare
        assert bare.vector is None
        await new.keep_vectors([bare], [NewsInputs("one").digest()], np.full((1, 4), 7, np.float16))
        assert (await new.vectors([A]))[A].tolist() == [7, 7, 7, 7]
        assert (await old.vectors([A]))[A].tolist() == [1, 1, 1, 1]

    with_store(story)


def test_a_vector_made_for_an_article_that_changed_or_went_is_not_kept(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        old, new = articles(connection, "m@1"), articles(connection, "m@2")
        await old.put([write("one")])
        (stale,) = await new.get([A])
        assert stale
        await old.put([write("two")])
        await new.keep_vectors([stale], [NewsInputs("one").digest()], np.ones((1, 4), np.float16))
        assert await new.digests([A]) == [None]
        (fresh,) = await new.get([A])
        assert fresh
        await old.withdraw(A)
        await new.keep_vectors([fresh], [NewsInputs("two").digest()], np.ones((1, 4), np.float16))
        assert await new.digests([A]) == [None]

    with_store(story)


def test_the_log_tells_puts_and_withdrawals_in_order(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store, log = articles(connection), ArticleLog(connection)
        start = await log.log_position()
        (put,) = await store.put([write("one")])
        withdrawn = await store.withdraw(A)
        piece = await log.log_after(start, 10)
        assert put
        assert [(c.article_id, c.revision, c.withdrawn) for c in piece.changes] == [
            (A, put.revision, False),
            (A, withdrawn, True),
        ]
        assert piece.position == await log.log_position()
        assert await log.log_after(piece.position, 10) == LogPiece(piece.position, [], True)

    with_store(story)


def test_a_gap_in_the_log_is_told(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store, log = articles(connection), ArticleLog(connection)
        assert (await log.log_after(b"0-0", 1)).complete
        positions = []
        for number in range(4):
            await store.put([write(f"text {number}")])
            positions.append(await log.log_position())
        assert (await log.log_after(b"0-0", 1)).complete
        await connection.send("XTRIM", keys.ARTICLE_LOG, "MAXLEN", 2)
        assert not (await log.log_after(b"0-0", 1)).complete
        assert not (await log.log_after(positions[0], 1)).complete
        assert (await log.log_after(positions[2], 1)).complete
        await connection.send("XDEL", keys.ARTICLE_LOG, positions[2])  # as a lost tail may look
        assert not (await log.log_after(positions[2], 1)).complete
        await connection.send("XTRIM", keys.ARTICLE_LOG, "MAXLEN", 0)
        assert await log.log_position() == positions[3]
        assert (await log.log_after(positions[3], 1)).complete
        assert not (await log.log_after(b"99999999999999-0", 1)).complete  # it fell back behind us
        await connection.send("DEL", keys.ARTICLE_LOG)
        assert not (await log.log_after(positions[3], 1)).complete

    with_store(story)


def test_every_article_is_told_once_with_its_revision(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        ids = [ArticleId(f"a{number}") for number in range(1_203)]
        for first in range(0, len(ids), 400):
            await store.put(
                [
                    ArticleWrite(
                        i, Article(title=i), NewsInputs(i).digest(), np.ones(4, np.float16)
                    )
                    for i in ids[first : first + 400]
                ]
            )
        found = [article_id async for batch in store.ids() for article_id in batch]
        assert sorted(found) == sorted(ids)
        revisions = await store.revisions([*ids[:3], ArticleId("never")])
        held = await store.get(ids[:3])
        assert revisions == [*(one.revision for one in held if one), None]

    with_store(story)


def test_a_withdrawn_articles_vector_stays_for_the_histories_but_not_for_ever(
    with_store: Run,
) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        await store.put([write("one")])
        await store.withdraw(A)
        assert await store.get([A]) == [None]
        assert A in await store.vectors([A])
        async for key in connection.scan(b"ns:vector:*"):
            assert await connection.send("PTTL", key) > 0

    with_store(story)


@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_after_a_loss_a_withdrawal_wins_over_a_replica_that_never_heard_of_it(
    with_store: Run, withdrawn_first: bool
) -> None:
    async def story(connection: Connection) -> None:
        store, log = articles(connection), ArticleLog(connection)
        digest = NewsInputs("one").digest()
        held = StoredArticle(A, Article(title="one"), REVISION, 1.0, np.ones(4, np.float16))
        steps = [store.withdraw_again({A: REVISION + 1}), store.restore([held], [digest])]
        for step in steps if withdrawn_first else reversed(steps):
            await step
        assert await store.get([A]) == [None]
        changes = (await log.log_after(b"0-0", 1)).changes
        assert changes[-1].withdrawn or withdrawn_first
        await store.put([write("later")])
        await store.withdraw_again({A: REVISION + 1})
        assert await store.get([A]) != [None]

    with_store(story)


def test_restoring_gives_back_what_was_and_never_takes_what_is_later(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        digest = NewsInputs("one").digest()
        held = StoredArticle(A, Article(title="one"), REVISION, 1.5, np.ones(4, np.float16))
        await store.restore([held], [digest])
        (found,) = await store.get([A])
        assert found
        assert (found.article, found.revision, found.ingested_at) == (held.article, REVISION, 1.5)
        assert await store.digests([A]) == [digest]
        await store.put([write("later")])
        await store.restore([held], [digest])
        (found,) = await store.get([A])
        assert found
        assert found.article.title == "later"

    with_store(story)


def test_an_article_that_cannot_be_read_is_left_out(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = articles(connection)
        await store.put([write("one")])
        await connection.send("HSET", keys.article(A), "document", '{"of": "another release"}')
        assert await store.get([A]) == [None]

    with_store(story)

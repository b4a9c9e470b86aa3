"""The catalogue's generations in a service that runs: nothing acknowledged is missed, nothing
withdrawn comes back, whatever is sealed, merged and adopted meanwhile.
"""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store.inputs import NewsInputs
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.background import generations
from service.composition import find_artefact
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.pipeline.ingest import withdraw
from service.pipeline.newsstand import Newsstand
from service.pipeline.refill import reconcile
from service.ports import ArticleWrite, StoredArticle, Vectors
from service.settings import Settings
from service.upkeep import opened

BATCH = 100
DIGEST_OF_X = NewsInputs("x").digest()
Story = Callable[[Newsstand], Awaitable[None]]


class Newsroom:
    """Puts articles whose vectors are given, and knows which must be there."""

    def __init__(self, newsstand: Newsstand) -> None:
        self.newsstand, self.rng = newsstand, np.random.default_rng(0)
        self.live: dict[ArticleId, Vectors] = {}
        self.gone: set[ArticleId] = set()
        self.numbers, self.texts = itertools.count(), itertools.count()

    def vectors(self, count: int) -> Vectors:
        vectors_ND = self.rng.standard_normal((count, self.newsstand.encoder.dimension))
        return (vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)).astype(np.float16)

    async def put(self, article_ids: list[ArticleId]) -> None:
        """Store, log and publish, as ingest does once it has vectors."""
        vectors_ND = self.vectors(len(article_ids))
        articles = [Article(title=f"Text {next(self.texts)}") for _ in article_ids]
        writes = [
            ArticleWrite(a, article, self.newsstand.model.inputs(article).digest(), vector_D)
            for a, article, vector_D in zip(article_ids, articles, vectors_ND, strict=True)
        ]
        written = await self.newsstand.articles.put(writes)
        self.newsstand.publish(
            [
                StoredArticle(a, article, w.revision, w.ingested_at, vector_D)
                for a, article, w, vector_D in zip(
                    article_ids, articles, written, vectors_ND, strict=True
                )
                if w is not None
            ]
        )
        self.live.update(zip(article_ids, vectors_ND, strict=True))

    async def put_new(self, count: int) -> None:
        await self.put([ArticleId(f"a{next(self.numbers)}") for _ in range(count)])

    async def withdraw_some(self, count: int) -> None:
        for number in self.rng.permutation(len(self.live))[:count].tolist():
            article_id = list(self.live)[number]
            await withdraw(self.newsstand, article_id)
            self.gone.add(article_id)
        for article_id in self.gone:
            self.live.pop(article_id, None)

    def check(self, looked_at: int = 20) -> None:
        """What was acknowledged is found by its own vector; what was withdrawn is not."""
        catalogue = self.newsstand.catalogue
        everything = catalogue.allowed(None, [])
        for number in self.rng.permutation(len(self.live))[:looked_at].tolist():
            article_id = list(self.live)[number]
            found = catalogue.ids(catalogue.nearest(self.live[article_id], 10, everything))
            assert article_id in found
            assert not self.gone.intersection(found)

    def check_all(self) -> None:
        catalogue = self.newsstand.catalogue
        assert len(catalogue) == len(self.live)
        assert (catalogue.find(list(self.live)) >= 0).all()
        self.check(looked_at=200)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "store") as running:
        yield running


def settings_for(valkey: EmbeddedValkey, data_dir: Path) -> Settings:
    return Settings(redis_url=valkey.url, data_dir=data_dir)


@asynccontextmanager
async def newsstand_of(settings: Settings) -> AsyncIterator[Newsstand]:
    async with opened(settings, find_artefact(settings)) as running:
        yield running.newsstand


def told(settings: Settings, story: Story) -> None:
    async def run() -> None:
        async with newsstand_of(settings) as newsstand:
            await story(newsstand)

    asyncio.run(run())


async def until(check: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.01)


def test_searching_while_articles_arrive_and_generations_change(
    valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOOKED_AFTER_SECONDS", 0.02)
    monkeypatch.setattr(generations, "SEALED_AT_ROWS", 700)

    async def story(newsstand: Newsstand) -> None:
        newsroom = Newsroom(newsstand)
        for turn in range(60):
            await newsroom.put_new(BATCH)
            newsroom.check()
            if turn % 3 == 2:
                await newsroom.withdraw_some(10)
                updated = list(newsroom.live)[:: len(newsroom.live) // 20]
                await newsroom.put(updated)
            newsroom.check()
        await until(lambda: newsstand.catalogue.sealed.number > 3)
        newsroom.check_all()

    told(settings_for(valkey, tmp_path / "data"), story)


def test_a_restart_reads_the_generation_and_what_was_logged_since(
    valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(valkey, tmp_path / "data")
    newsrooms: list[Newsroom] = []

    async def first(newsstand: Newsstand) -> None:
        newsroom = Newsroom(newsstand)
        newsrooms.append(newsroom)
        monkeypatch.setattr(generations, "SEALED_AT_ROWS", 1)
        await newsroom.put_new(300)
        await until(lambda: len(newsstand.catalogue.sealed) == 300)
        monkeypatch.setattr(generations, "SEALED_AT_ROWS", 100_000)
        await newsroom.put_new(50)
        await newsroom.withdraw_some(20)
        await newsroom.put(list(newsroom.live)[:10])

    async def second(newsstand: Newsstand) -> None:
        assert len(newsstand.catalogue.sealed) >= 300
        newsrooms[0].newsstand = newsstand
        newsrooms[0].check_all()

    told(settings, first)
    told(settings, second)


def test_a_process_away_for_longer_than_the_log_reaches_reads_all_that_is_stored(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """Two processes on two machines; one sleeps while the log is trimmed past it."""
    away = settings_for(valkey, tmp_path / "away")
    newsrooms: list[Newsroom] = []

    async def before(newsstand: Newsstand) -> None:
        newsrooms.append(Newsroom(newsstand))
        await newsrooms[0].put_new(200)

    async def meanwhile(newsstand: Newsstand) -> None:
        newsrooms[0].newsstand = newsstand
        await newsrooms[0].withdraw_some(50)
        await newsrooms[0].put_new(100)
        await newsrooms[0].put(list(newsrooms[0].live)[:20])
        connection = Connection(valkey.url)
        await connection.send("XTRIM", keys.ARTICLE_LOG, "MAXLEN", 1)
        await connection.close()

    async def back(newsstand: Newsstand) -> None:
        newsrooms[0].newsstand = newsstand
        newsrooms[0].check_all()

    told(away, before)
    told(settings_for(valkey, tmp_path / "other"), meanwhile)
    told(away, back)


def damaged(folder: Path) -> None:
    for path in folder.glob("catalogue/*/*/segments/*/rows.npy"):
        path.write_bytes(path.read_bytes()[:-1])


def removed(folder: Path) -> None:
    shutil.rmtree(folder / "catalogue")


@pytest.mark.parametrize("harm", [damaged, removed])
def test_a_torn_snapshot_is_set_aside_and_made_anew(
    valkey: EmbeddedValkey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], None],
) -> None:
    monkeypatch.setattr(generations, "SEALED_AT_ROWS", 1)
    settings = settings_for(valkey, tmp_path / "data")
    newsrooms: list[Newsroom] = []

    async def first(newsstand: Newsstand) -> None:
        newsrooms.append(Newsroom(newsstand))
        await newsrooms[0].put_new(200)
        await until(lambda: len(newsstand.catalogue.sealed) == 200)

    async def again(newsstand: Newsstand) -> None:
        newsrooms[0].newsstand = newsstand
        newsrooms[0].check_all()

    told(settings, first)
    harm(tmp_path / "data")
    told(settings, again)
    aside = list((tmp_path / "data" / "catalogue").glob("*/*.set-aside"))
    assert len(aside) == (1 if harm is damaged else 0)


@asynccontextmanager
async def both(one: Settings, other: Settings) -> Any:
    async with (
        newsstand_of(one) as first,
        newsstand_of(other) as second,
    ):
        yield first, second


def test_the_process_that_follows_takes_over_where_the_one_that_led_ends(
    valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "SEALED_AT_ROWS", 50)
    settings = settings_for(valkey, tmp_path / "data")

    async def run() -> None:
        async with newsstand_of(settings) as second_to_end:
            newsroom = Newsroom(second_to_end)
            async with newsstand_of(settings) as follower:
                await newsroom.put_new(100)
                await until(lambda: len(follower.catalogue.sealed) == 100)
                assert follower.catalogue.changes == 0
                newsroom.newsstand = follower
                newsroom.check_all()
        async with both(settings, settings) as (one, other):
            newsroom.newsstand = other
            await newsroom.put_new(100)
            await until(lambda: len(one.catalogue) == len(other.catalogue) == 200)
            await until(lambda: one.catalogue.sealed.number == other.catalogue.sealed.number)

    asyncio.run(run())


def test_a_scan_leaves_alone_what_has_expired(valkey: EmbeddedValkey, tmp_path: Path) -> None:
    settings = settings_for(valkey, tmp_path / "data")

    async def story(newsstand: Newsstand) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=0.2)
        vector_D = np.ones(newsstand.encoder.dimension, np.float16)
        brief = ArticleWrite(
            ArticleId("a"), Article(title="x", expires_at=soon), DIGEST_OF_X, vector_D
        )
        await newsstand.articles.put([brief])
        await until(lambda: newsstand.clock() > soon.timestamp())

        async def known() -> None:
            pass

        assert await reconcile(newsstand, known) == {}
        newsstand.catalogue.expire(newsstand.clock())
        assert len(newsstand.catalogue) == 0

    told(settings, story)


def test_a_scan_finds_what_was_stored_and_never_logged(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """A process that dies between the two, and a caller who never repeats."""
    first, other = (settings_for(valkey, tmp_path / name) for name in "ab")
    lost = "unlogged"

    async def stored_only(newsstand: Newsstand) -> None:
        vector_D = np.ones(newsstand.encoder.dimension, np.float16)
        connection = Connection(valkey.url)
        store = RedisArticles(
            connection, model=newsstand.model.reference, article_seconds=900, vector_seconds=900
        )
        call = store._put_call(
            ArticleWrite(ArticleId(lost), Article(title="x"), DIGEST_OF_X, vector_D)
        )
        await connection.call_all([call])
        await connection.close()

    async def found(newsstand: Newsstand) -> None:
        await until(lambda: ArticleId(lost) in newsstand.catalogue)

    told(first, stored_only)
    told(first, found)
    told(other, found)


def test_a_worker_that_cannot_use_the_generation_reads_what_is_stored(
    valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "SEALED_AT_ROWS", 1)
    monkeypatch.setattr(generations, "TORN_PATIENCE_SECONDS", 0.5)
    settings = settings_for(valkey, tmp_path / "data")

    async def run() -> None:
        async with newsstand_of(settings) as leader:
            newsroom = Newsroom(leader)
            await newsroom.put_new(50)
            await until(lambda: len(leader.catalogue.sealed) == 50)
            damaged(tmp_path / "data")
            async with newsstand_of(settings) as other:
                newsroom.newsstand = other
                newsroom.check_all()
                await newsroom.put_new(5)
                await until(lambda: len(leader.catalogue) == 55)

    asyncio.run(run())


def test_a_store_that_fell_back_gets_again_what_a_process_knows_of_later(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """As after a failover: an edition and a withdrawal that were acknowledged are gone."""
    settings = settings_for(valkey, tmp_path / "data")

    async def story(newsstand: Newsstand) -> None:
        newsroom = Newsroom(newsstand)
        await newsroom.put_new(2)
        edited, withdrawn = list(newsroom.live)
        (before, held) = await newsstand.articles.get([edited, withdrawn])
        assert before
        assert held
        await newsroom.put([edited])
        (later,) = await newsstand.articles.get([edited])
        await withdraw(newsstand, withdrawn)
        connection = Connection(valkey.url)
        for article_id, old in ((edited, before), (withdrawn, held)):
            await connection.send("DEL", keys.article(article_id), keys.withdrawn(article_id))
            await newsstand.articles.restore([old], [b"d" * 16])
        await connection.close()

        async def known() -> None:
            pass

        await reconcile(newsstand, known)
        assert [one and one.revision for one in await newsstand.articles.get([edited])] == [
            later and later.revision
        ]
        assert await newsstand.articles.get([withdrawn]) == [None]
        assert newsstand.catalogue.ids(newsstand.catalogue.live_rows()) == [edited]

    told(settings, story)

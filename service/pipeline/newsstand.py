"""The parts that a request passes through, put together once at the start."""

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import numpy as np
from cachetools import LRUCache

from model_store.inputs import ArticleReader, NewsInputs
from model_store.user_models import UserModel
from service.catalogue.atlas import Atlas
from service.catalogue.catalogue import Catalogue
from service.catalogue.census import Census
from service.catalogue.entry import Entry, entities_of
from service.catalogue.histories import HistoryRows
from service.catalogue.hot import HotRows
from service.catalogue.pools import Pools
from service.catalogue.rare import RareRows
from service.domain.article import Article
from service.domain.encoding import EncodingFigures
from service.domain.experiment import PolicyBook
from service.domain.fields import ArticleId
from service.domain.lookups import Caches
from service.ports import (
    ArticleStore,
    Encoder,
    ExperimentCounts,
    Interests,
    Popularity,
    ReaderStore,
    StoredArticle,
    Vectors,
)

RETIRED_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the pipeline has to know of the active model."""

    reference: str
    reader: ArticleReader
    history_length: int
    users: UserModel
    interest: Interests
    """What ``users`` makes of a history, beside what else goes on."""
    normalised: bool
    """Whether every article's vector has length 1."""

    def inputs(self, article: Article) -> NewsInputs:
        """What is encoded of the article."""
        return self.reader.read(article.text_fields())


@dataclass
class Shelf:
    """Where the catalogue stands, and where a newer one takes its place. ``filled``: it has all
    that was stored, and follows the article log.
    """

    catalogue: Catalogue
    filled: bool = False


@dataclass(frozen=True)
class Newsstand:
    """The live catalogue of this process and the ports around it."""

    model: ServedModel
    shelf: Shelf
    encoder: Encoder
    articles: ArticleStore
    readers: ReaderStore
    popularity: Popularity
    experiments: ExperimentCounts
    article_seconds: float
    """How long an article without ``expires_at`` is recommended."""
    later: Callable[[Coroutine[None, None, None]], None]
    """Runs what no answer has to wait for."""
    policies: Callable[[], PolicyBook]
    """The scenarios and experiments in force."""
    cursor_key: bytes = field(repr=False)
    """What cursors are signed with, the same in every process."""
    others: Callable[[], Sequence["Newsstand"]] = tuple
    """The newsstand under the models that are kept beside this one: new articles go there, too."""
    encoding: Callable[[], EncodingFigures] = EncodingFigures
    """How the encoding goes."""
    state_is_lost: Callable[[], bool] = lambda: False
    """Whether the state store is empty, or another than the one that is known."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    rng: np.random.Generator = field(default_factory=np.random.default_rng, repr=False)
    hot: HotRows = field(default_factory=HotRows, repr=False)
    rare: RareRows = field(default_factory=RareRows, repr=False)
    census: Census = field(default_factory=Census, repr=False)
    atlas: Atlas = field(default_factory=Atlas, repr=False)
    caches: Caches = field(default_factory=Caches, repr=False)
    """Counts what was found before and served again."""
    histories: HistoryRows = field(default_factory=HistoryRows, repr=False)
    pools: Pools = field(default_factory=Pools, repr=False)
    retired: LRUCache[ArticleId, Vectors] = field(
        default_factory=lambda: LRUCache(RETIRED_KEPT), repr=False
    )
    """Vectors of articles that have left the catalogue but not the histories."""

    @property
    def catalogue(self) -> Catalogue:
        """The live catalogue as it stands now: hold on to it from one await to the next."""
        return self.shelf.catalogue

    def lay(self, catalogue: Catalogue) -> None:
        """Let a newer catalogue take the place of this one."""
        self.shelf.catalogue = catalogue

    def publish(self, stored: Sequence[StoredArticle]) -> None:
        """Make stored articles, all of which have vectors, recommendable in this process."""
        vectors = [article.vector for article in stored if article.vector is not None]
        if len(vectors) != len(stored):
            raise ValueError("an article without a vector cannot be published")
        if stored:
            self.catalogue.put(
                [self.entry_of(article) for article in stored],
                np.stack(vectors),
                [a.article.model_dump_json(exclude_none=True).encode() for a in stored],
            )
        for article in stored:
            self.retired.pop(article.article_id, None)

    def entry_of(self, stored: StoredArticle) -> Entry:
        """What the catalogue holds of a stored article."""
        article = stored.article
        published, expires = article.published_at, article.expires_at
        return Entry(
            article_id=stored.article_id,
            revision=stored.revision,
            language=article.language,
            category=article.category,
            source=article.source,
            published=published.timestamp() if published else stored.ingested_at,
            expires=(
                expires.timestamp() if expires else stored.revision / 1e6 + self.article_seconds
            ),
            author=article.author,
            title=article.title,
            entities=entities_of(article),
            ingested=stored.ingested_at,
        )

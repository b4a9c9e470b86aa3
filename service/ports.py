"""What the pipeline asks of the world outside, as Protocols. Adapters fulfil them.

Shapes: N articles, C candidates, D dimensions.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.user_models import Interest
from service.domain.article import Article
from service.domain.encoding import EncodingFigures
from service.domain.event import Event
from service.domain.experiment import VariantCounts
from service.domain.fields import ArticleId, UserId
from service.domain.popularity import Exposure, Heat
from service.domain.reader import Reader
from service.domain.served import ServedList
from service.domain.stored_reader import StoredReader

Vectors = NDArray[np.float16]
Mask = NDArray[np.bool_]
RowIds = NDArray[np.int64]
Found = tuple[RowIds, NDArray[np.float32]]
"""Rows and their inner products, the highest first."""


class Encoder(Protocol):
    """Articles to vectors, by one model that is loaded."""

    @property
    def dimension(self) -> int:
        """D."""
        ...

    @property
    def precision(self) -> str:
        """The precision that runs."""
        ...

    async def encode(self, news: Sequence[NewsInputs], *, in_background: bool = False) -> Vectors:
        """The articles' vectors (N×D), in order. Never blocks the event loop.

        To cancel it is to give up: what nobody else waits for is not encoded then. What is asked
        for ``in_background`` waits until nothing else does, is never refused for overload, and has
        a bounded share of the time. Raises Overloaded, or Unavailable once the model is unloaded.
        """
        ...


class Encoders(Protocol):
    """Models, loaded and let go of while others encode."""

    @property
    def figures(self) -> EncodingFigures:
        """What was done in this process until now."""
        ...

    async def load(self, artefact: Artefact) -> Encoder:
        """The artefact's encoder, warm. Never blocks the event loop. Raises ModelStoreError."""
        ...

    async def unload(self, encoder: Encoder) -> None:
        """Refuse what waits for the encoder and give its memory back."""
        ...

    def close(self) -> None:
        """Refuse all that waits, let the running batch end, and stop."""
        ...


class Interests(Protocol):
    """What clicks say of a reader, by one model."""

    async def __call__(
        self, history_HD: Vectors, user_id: str | None, *, explained: bool
    ) -> Interest:
        """The interest that a history (H×D, H ≥ 1, oldest first) of a reader shows; ``explained``:
        one whose ``explain`` answers at once. Never blocks the event loop.

        To cancel it is to give up. Raises EncodingFailed, or Unavailable while the service stops.
        """
        ...


class Index(Protocol):
    """The search among vectors in rows 0, 1, 2, …: all that retrieval asks of an engine."""

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> Found:
        """The ``limit`` rows of highest inner product among ``allowed``, best first; fewer if
        fewer are allowed.
        """
        ...


class SealedIndex(Index, Protocol):
    """The vectors of a segment, which never change."""

    @property
    def vectors(self) -> Vectors:
        """The vectors themselves, not to be written."""
        ...


class TailIndex(Index, Protocol):
    """Vectors that came last: searched exactly, and at once."""

    def add(self, vectors_ND: Vectors) -> None:
        """Append rows."""
        ...


WriteStatus = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as it is stored. ``revision`` grows with every change of the same id."""

    article_id: ArticleId
    article: Article
    revision: int
    ingested_at: float
    """Seconds since 1970 of the first ingest."""
    vector: Vectors | None
    digest: bytes | None = None
    """Of the text that the vector was made of: another by now, where the text has changed and
    whoever stored it did not know this model.
    """


@dataclass(frozen=True, slots=True)
class Encoded:
    """An article as one model sees it; ``vector`` None says that the stored one still holds."""

    digest: bytes
    """What the vector depends on (``NewsInputs.digest``)."""
    vector: Vectors | None


@dataclass(frozen=True, slots=True)
class ArticleWrite:
    """One article to store; ``vector`` None says that the stored text and vector still hold."""

    article_id: ArticleId
    article: Article
    digest: bytes
    """What the vector depends on (``NewsInputs.digest``)."""
    vector: Vectors | None
    others: Mapping[str, Encoded] = field(default_factory=dict)
    """The article under other models, which are kept beside this one."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an ``ArticleWrite``."""

    status: WriteStatus
    revision: int
    ingested_at: float


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One article's change in the log; ``withdrawn`` articles are to vanish."""

    article_id: ArticleId
    revision: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Some of the article log. ``complete``: nothing between it and what was asked after is
    missing; ``position`` is where to read on, and ``left`` so many entries are beyond it.
    """

    position: bytes
    changes: Sequence[LogEntry]
    complete: bool
    left: int = 0
    """Counted up to a hundred."""

    @property
    def moment(self) -> float:
        """When the entry at ``position`` was written (seconds since 1970, the store's clock)."""
        return int(self.position.partition(b"-")[0]) / 1000


class ArticleStore(Protocol):
    """Articles and their vectors, durable, and the log of their changes.

    Every call raises Unavailable where the store does not answer.
    """

    async def digests(self, article_ids: Sequence[ArticleId]) -> list[bytes | None]:
        """The digest (16 bytes) of the text that each stored vector belongs to, None if none."""
        ...

    async def put(self, writes: Sequence[ArticleWrite]) -> list[Written | None]:
        """Store and log the articles, in order; durable when this returns. None for a write
        whose ``vector`` was left out although the stored text is another by now: encode it.
        """
        ...

    async def keep_vectors(
        self, articles: Sequence[StoredArticle], digests: Sequence[bytes], vectors_ND: Vectors
    ) -> None:
        """Store vectors made anew for articles as they were read; not for one that changed."""
        ...

    async def get(self, article_ids: Sequence[ArticleId]) -> list[StoredArticle | None]:
        """The stored articles, in order."""
        ...

    async def forget_model(self, model: str, still: Callable[[], Awaitable[bool]]) -> None:
        """Remove all vectors that were made under another model, for as long as ``still``."""
        ...

    def ids(self) -> AsyncIterator[list[ArticleId]]:
        """Every stored article, in batches; one may come twice."""
        ...

    async def revisions(self, article_ids: Sequence[ArticleId]) -> list[int | None]:
        """The stored articles' revisions, in order, None for one that is not stored."""
        ...

    async def restore(self, articles: Sequence[StoredArticle], digests: Sequence[bytes]) -> None:
        """Store and log articles as they once were, with their vectors, unless the store has
        later ones.
        """
        ...

    async def withdraw_again(self, withdrawals: Mapping[ArticleId, int]) -> None:
        """Withdraw articles by revision, as they once were, unless the store has later ones."""
        ...

    async def log_again(self, changes: Mapping[ArticleId, int]) -> None:
        """Log stored articles, by revision, that may never have been logged."""
        ...

    async def withdraw(self, article_id: ArticleId) -> int:
        """Withdraw the article, stored or not, log it, and return the withdrawal's revision."""
        ...

    async def vectors(self, article_ids: Sequence[ArticleId]) -> Mapping[ArticleId, Vectors]:
        """The vectors (D,) that are stored, of withdrawn and expired articles too."""
        ...

    async def vectors_promptly(
        self, article_ids: Sequence[ArticleId]
    ) -> Mapping[ArticleId, Vectors]:
        """The same for a page that somebody waits for: Unavailable rather than late."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event."""

    status: Literal["recorded", "duplicate"]


class ReaderStore(Protocol):
    """Readers' histories. Every call raises Unavailable where the store does not answer."""

    async def read(self, user_id: UserId) -> Reader:
        """The reader; an empty one if nothing is stored."""
        ...

    async def record(self, events: Sequence[Event], arrival_ms: int) -> list[Recorded]:
        """Record the events, each reader's in order; durable when this returns."""
        ...

    async def remember_vector(self, user_id: UserId, version: int, vector_D: Vectors) -> None:
        """Keep the vector beside the history, unless the history has changed meanwhile."""
        ...

    def remember_served(self, user_id: UserId, served: ServedList) -> None:
        """Have the list remembered soon, for the events that name it. Never waits; where the
        store is away for long, the oldest lists are forgotten.
        """
        ...

    async def stored(self, user_id: UserId) -> StoredReader | None:
        """All that is stored of the reader, lists served until now included; None for nothing."""
        ...

    async def ping(self) -> None:
        """Return if the store answers."""
        ...

    async def erase(self, user_id: UserId) -> None:
        """Remove all that is stored of the reader."""
        ...


class ExperimentCounts(Protocol):
    """What readers did in each experiment, added up over all of them."""

    async def counts(self, experiment: str, variants: Iterable[str]) -> dict[str, VariantCounts]:
        """The tallies of each of the variants. Raises Unavailable."""
        ...


class Popularity(Protocol):
    """What is read and shown, as this process last heard. Never waits."""

    def heat(self, window_hours: int, half_life_hours: float, dwell: float) -> Heat:
        """Time-decayed reading in the last hours: clicks, with ``dwell`` as the share of minutes
        read. The same object until something changes.
        """
        ...

    def exposure(self) -> Exposure:
        """Clicks and impressions of the last days."""
        ...

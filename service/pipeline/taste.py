"""A reader's taste: what the model makes of their clicks, and how these explain it.

Shapes: H history, Q queries, C candidates, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model_store import late_fusion
from model_store.user_models import Interest
from service.domain.fields import ArticleId, UserId
from service.domain.reader import Reader
from service.domain.recommendation import ClickContribution, Degradation
from service.errors import Unavailable
from service.pipeline.newsstand import Newsstand
from service.ports import Vectors


@dataclass(frozen=True, slots=True)
class Taste:
    """What candidates are scored by. ``clicks`` are the articles that it is made of, and
    ``interest`` what the model made of them, where these were needed.
    """

    source: Literal["personal", "session"]
    queries_QD: Vectors
    clicks: tuple[ArticleId, ...] = ()
    interest: Interest | None = None

    def relevance(self, candidates_CD: Vectors | NDArray[np.float64]) -> NDArray[np.float64]:
        """The candidates' relevance (C,): the model's own score."""
        return late_fusion.relevance(candidates_CD, self.queries_QD)

    def length(self) -> float:
        """The L2 length of the longest query: times an article's, no relevance is above it."""
        queries_QD = self.queries_QD.astype(np.float64)
        return float(np.sqrt((queries_QD * queries_QD).sum(axis=1).max()))

    def contributions(self, candidate_D: Vectors | NDArray[np.float64]) -> list[ClickContribution]:
        """Each click's part in the candidate's relevance, the largest first."""
        if self.interest is None:
            return []
        parts = self.interest.explain(candidate_D)
        return [
            ClickContribution(article_id=self.clicks[i], contribution=float(parts[i]))
            for i in np.argsort(-parts, kind="stable").tolist()
        ]


async def read_reader(
    newsstand: Newsstand, user_id: str | None, degraded: list[Degradation]
) -> Reader:
    """The reader; an empty one, with the reason in ``degraded``, if none can be had."""
    if user_id is None:
        degraded.append("no_reader")
        return Reader()
    try:
        reader = await newsstand.readers.read(UserId(user_id))
    except Unavailable:
        degraded.append("state_unavailable")
        return Reader()
    if not reader.known:
        degraded.append("state_lost" if newsstand.state_is_lost() else "unknown_reader")
    return reader


async def taste_of_reader(
    newsstand: Newsstand,
    user_id: str | None,
    reader: Reader,
    degraded: list[Degradation],
    *,
    explain: bool,
) -> Taste | None:
    """The reader's taste, or None, with the reason in ``degraded``.

    The vector kept beside the history is used while it is current; one made anew is kept.
    """
    single = newsstand.model.users.single
    if reader.vector is not None and single and not explain:
        newsstand.caches.reader_vectors.hits += 1
        return Taste("personal", reader.vector[np.newaxis])
    try:
        taste = await taste_of(newsstand, "personal", reader.clicked, user_id, explain=explain)
        if taste is not None and single and reader.vector is None and user_id is not None:
            newsstand.caches.reader_vectors.misses += 1
            vector_D = taste.queries_QD[0]
            newsstand.later(
                newsstand.readers.remember_vector(UserId(user_id), reader.version, vector_D)
            )
    except Unavailable:
        degraded.append("state_unavailable")
        return None
    if taste is None and not degraded:
        degraded.append("empty_history")
    return taste


async def taste_of(
    newsstand: Newsstand,
    source: Literal["personal", "session"],
    clicks: Sequence[ArticleId],
    user_id: str | None = None,
    *,
    explain: bool,
) -> Taste | None:
    """The taste that the clicks show, the oldest first; None if none of them has a vector.

    ``user_id`` is whose clicks they are, for models that know some readers by name; ``explain``
    says that ``contributions`` will be asked for.

    Raises Unavailable.
    """
    vectors = await vectors_of(newsstand, clicks)
    found = [click for click in clicks if click in vectors]
    if not found:
        return None
    history_HD = np.stack([vectors[click] for click in found])
    interest = await newsstand.model.interest(history_HD, user_id, explained=explain)
    return Taste(source, interest.queries_QD, tuple(found), interest)


async def known_vectors(
    newsstand: Newsstand, article_ids: Sequence[ArticleId]
) -> dict[ArticleId, Vectors]:
    """The articles' vectors; none where the state store would have to be asked and is away."""
    try:
        return await vectors_of(newsstand, article_ids)
    except Unavailable:
        return {}


async def vectors_of(
    newsstand: Newsstand, article_ids: Sequence[ArticleId]
) -> dict[ArticleId, Vectors]:
    """Vectors from the catalogue, then from the retired, then from the store.

    Raises Unavailable.
    """
    catalogue, retired = newsstand.catalogue, newsstand.retired
    distinct = dict.fromkeys(article_ids)
    rows = catalogue.find(list(distinct))
    live = [article_id for article_id, row in zip(distinct, rows.tolist(), strict=True) if row >= 0]
    found = dict(zip(live, catalogue.vectors(rows[rows >= 0]), strict=True))
    found |= {a: retired[a] for a in distinct if a not in found and a in retired}
    missing = [article_id for article_id in distinct if article_id not in found]
    newsstand.caches.article_vectors.count(hits=len(found), misses=len(missing))
    if missing:
        stored = await newsstand.articles.vectors_promptly(missing)
        retired.update(stored)
        found |= stored
    return found

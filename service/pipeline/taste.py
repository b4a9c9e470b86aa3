"""A reader's taste: their history as one vector, and the clicks that explain it.

Shapes: H history, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model_store import late_fusion
from service.domain.fields import ArticleId, UserId
from service.domain.reader import Reader
from service.domain.recommendation import ClickContribution, Degradation, Reason
from service.errors import Unavailable
from service.pipeline.newsstand import Newsstand
from service.ports import Vectors


@dataclass(frozen=True, slots=True)
class Taste:
    """What candidates are scored by. ``clicks`` are the articles that it is made of, with their
    vectors (H×D), where they were needed.
    """

    source: Literal["personal", "session"]
    vector_D: Vectors
    clicks: tuple[ArticleId, ...] = ()
    history_HD: Vectors | None = None

    def reason(self, candidate_D: Vectors) -> Reason | None:
        """Each click's part in the candidate's relevance, the largest first."""
        if self.history_HD is None:
            return None
        parts = late_fusion.contributions(candidate_D, self.history_HD)
        return Reason(
            clicks=[
                ClickContribution(article_id=self.clicks[i], contribution=float(parts[i]))
                for i in np.argsort(-parts, kind="stable").tolist()
            ]
        )


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
        degraded.append("unknown_reader")
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
    if reader.vector is not None and not explain:
        return Taste("personal", reader.vector)
    try:
        taste = await taste_of(newsstand, "personal", reader.clicked)
        if taste is not None and reader.vector is None and user_id is not None:
            newsstand.later(
                newsstand.readers.remember_vector(UserId(user_id), reader.version, taste.vector_D)
            )
    except Unavailable:
        degraded.append("state_unavailable")
        return None
    if taste is None and not degraded:
        degraded.append("empty_history")
    return taste


async def taste_of(
    newsstand: Newsstand, source: Literal["personal", "session"], clicks: Sequence[ArticleId]
) -> Taste | None:
    """The taste that the clicks show, the oldest first; None if none of them has a vector.

    Raises Unavailable.
    """
    vectors = await _vectors(newsstand, clicks)
    found = [click for click in clicks if click in vectors]
    if not found:
        return None
    history_HD = np.stack([vectors[click] for click in found])
    return Taste(source, late_fusion.history_vector(history_HD), tuple(found), history_HD)


async def _vectors(
    newsstand: Newsstand, article_ids: Sequence[ArticleId]
) -> dict[ArticleId, Vectors]:
    """Vectors from the catalogue, then from the retired, then from the store."""
    catalogue, retired = newsstand.catalogue, newsstand.retired
    distinct = dict.fromkeys(article_ids)
    live = [article_id for article_id in distinct if article_id in catalogue]
    found = dict(zip(live, catalogue.vectors(catalogue.rows(live)), strict=True))
    found |= {a: retired[a] for a in distinct if a not in found and a in retired}
    missing = [article_id for article_id in distinct if article_id not in found]
    if missing:
        stored = await newsstand.articles.vectors(missing)
        retired.update(stored)
        found |= stored
    return found

"""Given candidates, scored by the model alone: no exclusion, no policy."""

from collections.abc import Sequence

import numpy as np

from service.domain.fields import ArticleId
from service.domain.recommendation import Degradation, RankedItem, Ranking, RankRequest, Reason
from service.errors import Unavailable
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages
from service.pipeline.taste import Taste, read_reader, taste_of, taste_of_reader
from service.ports import Vectors


async def rank(newsstand: Newsstand, request: RankRequest, stages: Stages) -> Ranking:
    """Every known candidate once, with the model's score, the highest first.

    Equal scores keep the caller's order. Without a history the scores are null.
    """
    degraded: list[Degradation] = []
    with stages.stage("state"):
        taste = await _taste(newsstand, request, degraded)
    with stages.stage("score"):
        distinct = dict.fromkeys(map(ArticleId, request.candidate_article_ids))
        catalogue = newsstand.catalogue
        rows = catalogue.find(list(distinct))
        known = [a for a, row in zip(distinct, rows.tolist(), strict=True) if row >= 0]
        unknown = [a for a, row in zip(distinct, rows.tolist(), strict=True) if row < 0]
        vectors_CD = catalogue.vectors(rows[rows >= 0])
        items = _scored(newsstand, request, known, vectors_CD, taste) if taste else _unscored(known)
    return Ranking(
        model=newsstand.model.reference,
        degraded=degraded,
        items=items,
        unknown_article_ids=unknown,
    )


async def _taste(
    newsstand: Newsstand, request: RankRequest, degraded: list[Degradation]
) -> Taste | None:
    if request.history_article_ids is None:
        reader = await read_reader(newsstand, request.user_id, degraded)
        return await taste_of_reader(
            newsstand, request.user_id, reader, degraded, explain=request.explain
        )
    clicks = list(map(ArticleId, request.history_article_ids[-newsstand.model.history_length :]))
    try:
        taste = await taste_of(newsstand, "personal", clicks, explain=request.explain)
    except Unavailable:
        degraded.append("state_unavailable")
        return None
    if taste is None:
        degraded.append("empty_history")
    return taste


def _scored(
    newsstand: Newsstand,
    request: RankRequest,
    known: Sequence[ArticleId],
    vectors_CD: Vectors,
    taste: Taste,
) -> list[RankedItem]:
    scores_C = taste.relevance(vectors_CD)
    order = np.argsort(-scores_C, kind="stable").tolist()
    return [
        RankedItem(
            article_id=known[position],
            rank=rank,
            score=float(scores_C[position]),
            reason=Reason(
                clicks=taste.contributions(vectors_CD[position]),
                explanation=newsstand.model.users.explanation,
            )
            if request.explain
            else None,
        )
        for rank, position in enumerate(order, 1)
    ]


def _unscored(known: Sequence[ArticleId]) -> list[RankedItem]:
    return [
        RankedItem(article_id=article_id, rank=rank, score=None)
        for rank, article_id in enumerate(known, 1)
    ]

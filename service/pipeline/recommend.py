"""The product: a reader comes, their articles go out."""

import time
import uuid

from service.domain.fields import ArticleId
from service.domain.recommendation import Degradation, Item, Recommendation, RecommendRequest
from service.errors import Unavailable
from service.pipeline.candidates import POOL, Candidates, by_taste, without_taste
from service.pipeline.diversify import diversify
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages
from service.pipeline.taste import Taste, read_reader, taste_of, taste_of_reader
from service.ports import Mask


async def recommend(
    newsstand: Newsstand, request: RecommendRequest, stages: Stages
) -> Recommendation:
    """Articles for one reader, ranked, the best first.

    Never an error for being unknown or unlucky: without a history the session's articles count,
    without these what is read most now, then the newest; ``degraded`` says why.
    """
    degraded: list[Degradation] = []
    with stages.stage("state"):
        reader = await read_reader(newsstand, request.user_id, degraded)
    with stages.stage("taste"):
        taste = await taste_of_reader(
            newsstand, request.user_id, reader, degraded, explain=request.explain
        ) or await _session_taste(newsstand, request)
    with stages.stage("candidates"):
        refused = reader.never_again() | _named_in(request)
        newsstand.catalogue.expire(time.time())
        allowed = newsstand.catalogue.allowed(request.filters, refused)
        candidates = _candidates(newsstand, request, taste, allowed)
    with stages.stage("rerank"):
        items = _items(newsstand, request, taste, candidates)
    return Recommendation(
        recommendation_id=uuid.uuid4().hex,
        user_id=request.user_id,
        model=newsstand.model.reference,
        degraded=degraded,
        items=items,
        empty_because=None if items else _why_empty(newsstand, request),
    )


def _named_in(request: RecommendRequest) -> set[ArticleId]:
    return set(map(ArticleId, (*request.exclude_article_ids, *request.session_article_ids)))


async def _session_taste(newsstand: Newsstand, request: RecommendRequest) -> Taste | None:
    clicks = [ArticleId(article_id) for article_id in request.session_article_ids]
    try:
        return await taste_of(newsstand, "session", clicks)
    except Unavailable:  # the state store is away, and the clicks are not in this process
        return None


def _candidates(
    newsstand: Newsstand, request: RecommendRequest, taste: Taste | None, allowed: Mask
) -> Candidates:
    pool = max(POOL, 2 * request.limit)
    if taste is not None:
        pooled = request.user_id if taste.source == "personal" and not request.filters else None
        return by_taste(newsstand, taste, pooled, pool, allowed)
    return without_taste(newsstand.catalogue, newsstand.popularity.weights(), pool, allowed)


def _items(
    newsstand: Newsstand, request: RecommendRequest, taste: Taste | None, candidates: Candidates
) -> list[Item]:
    diversity = 0.0 if request.scenario == "model" else request.diversity
    vectors_CD = newsstand.catalogue.vectors(candidates.rows_C)
    chosen = diversify(candidates.scores_C, vectors_CD, request.limit, diversity)
    scores = candidates.scores_C[chosen].tolist()
    return [
        Item(
            article_id=article_id,
            rank=rank,
            score=score,
            relevance=score if candidates.personal else None,
            source=candidates.sources[position],
            reason=taste.reason(vectors_CD[position]) if taste and request.explain else None,
        )
        for rank, (article_id, position, score) in enumerate(
            zip(
                newsstand.catalogue.ids(candidates.rows_C[chosen]),
                chosen.tolist(),
                scores,
                strict=True,
            ),
            1,
        )
    ]


def _why_empty(newsstand: Newsstand, request: RecommendRequest) -> str:
    if not len(newsstand.catalogue):
        return "there are no articles"
    contradiction = request.filters.contradiction() if request.filters else None
    return contradiction or "no article passes the filters and exclusions"

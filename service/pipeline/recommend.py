"""The product: a reader comes, their articles go out."""

import uuid
from collections.abc import Collection

import numpy as np

from service.domain.fields import ArticleId
from service.domain.recommendation import Item, Recommendation, RecommendRequest, VariantAnswer
from service.pipeline.candidates.explore import explore
from service.pipeline.candidates.gather import gather
from service.pipeline.cursor import fingerprint, write_cursor
from service.pipeline.exclusions import allowed_rows
from service.pipeline.newsstand import Newsstand
from service.pipeline.page import article_ids, fill, items
from service.pipeline.remember import remember
from service.pipeline.scoring.score import disliked, score
from service.pipeline.stages import Stages
from service.pipeline.visit import Visit, begin
from service.ports import Mask, RowIds

DEPTHS = (1, 4, 16)
"""How many times deeper to look while stories or caps leave a page wanting."""


async def recommend(
    newsstand: Newsstand,
    request: RecommendRequest,
    stages: Stages,
    only: Collection[ArticleId] | None = None,
) -> Recommendation:
    """Articles for one reader, ranked, the best first; where ``only`` is given, of these.

    Never an error for being unknown or unlucky: without a history the session's articles count,
    without these what is read most now, then the newest; ``degraded`` says why. Raises Invalid
    for an unknown scenario, ForgedCursor, ExpiredCursor.
    """
    visit = await begin(newsstand, request, stages)
    with stages.stage("taste"):
        against = await disliked(newsstand, visit)
    with stages.stage("exclude"):
        allowed = allowed_rows(visit)
        if only is not None:
            allowed &= _among(visit.catalogue.rows(only), len(allowed))
    with stages.stage("explore"):
        explored = explore(newsstand, visit, allowed)
    for depth in DEPTHS:
        with stages.stage("candidates"):
            shortlist = gather(newsstand, visit, allowed, explored.rows, depth)
        with stages.stage("score"):
            scored = score(newsstand, visit, shortlist, against, visit.policy)
        with stages.stage("rerank"):
            page = fill(visit, shortlist, scored, len(explored.rows))
        if shortlist.complete or not page.relaxed:
            break
    with stages.stage("explain"):
        shown = article_ids(visit, shortlist, page)
        listed = items(visit, shortlist, scored, page, shown, newsstand.model.users.explanation)
        answer = _answer(newsstand, visit, shown, listed)
    remember(newsstand, visit, answer.recommendation_id, shown, explored, against)
    return answer


def _among(rows: RowIds, count: int) -> Mask:
    mask_R = np.zeros(count, np.bool_)
    mask_R[rows] = True
    return mask_R


def _answer(
    newsstand: Newsstand, visit: Visit, shown: list[ArticleId], listed: list[Item]
) -> Recommendation:
    decision = visit.decision
    variant = None
    if decision.experiment is not None and decision.variant is not None:
        variant = VariantAnswer(experiment=decision.experiment, variant=decision.variant)
    return Recommendation(
        recommendation_id=uuid.uuid4().hex,
        user_id=visit.request.user_id,
        model=newsstand.model.reference,
        scenario=decision.scenario,
        experiment=variant,
        degraded=visit.degraded,
        items=listed,
        empty_because=None if listed else _why_empty(newsstand, visit),
        next_cursor=_next_cursor(newsstand, visit, shown),
    )


def _next_cursor(newsstand: Newsstand, visit: Visit, shown: list[ArticleId]) -> str | None:
    if len(shown) < visit.request.limit:
        return None
    before = visit.cursor.shown if visit.cursor is not None else ()
    of_request = fingerprint(visit.request)
    key = newsstand.cursor_key
    return write_cursor(visit.moment, [*before, *shown], key, of_request, visit.now)


def _why_empty(newsstand: Newsstand, visit: Visit) -> str:
    if not len(newsstand.catalogue):
        return "there are no articles"
    if visit.cursor is not None:
        return "there are no more articles"
    filters = visit.request.filters
    contradiction = filters.contradiction() if filters else None
    return contradiction or "no article passes the filters and exclusions"

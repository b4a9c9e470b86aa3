"""Recommend and rank."""

from fastapi import APIRouter

from service.api.access import READ
from service.api.openapi import declared
from service.api.parts import MetricsPart, NewsstandPart, StagesPart
from service.api.strict_json import StrictRoute
from service.domain.recommendation import (
    Ranking,
    RankRequest,
    Recommendation,
    RecommendRequest,
)
from service.errors import ExpiredCursor, ForgedCursor, Malformed
from service.pipeline import rank as ranking
from service.pipeline import recommend as recommending

router = APIRouter(route_class=StrictRoute, tags=["recommendations"])


@router.post(
    "/v1/recommend",
    response_model=Recommendation,
    responses=declared(Malformed, ForgedCursor, ExpiredCursor),
    openapi_extra=READ,
)
async def recommend(
    body: RecommendRequest, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> Recommendation:
    """Articles for one reader, known or not."""
    recommendation = await recommending.recommend(newsstand, body, stages)
    for reason in recommendation.degraded:
        metrics.degraded.labels(reason).inc()
    of = recommendation.experiment
    experiment, variant = ("", "") if of is None else (of.experiment, of.variant)
    metrics.recommendations.labels(recommendation.scenario, experiment, variant).inc()
    return recommendation


@router.post("/v1/rank", response_model=Ranking, openapi_extra=READ)
async def rank(
    body: RankRequest, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> Ranking:
    """Given candidates with the model's score: no exclusion, no policy."""
    ranked = await ranking.rank(newsstand, body, stages)
    for reason in ranked.degraded:
        metrics.degraded.labels(reason).inc()
    return ranked

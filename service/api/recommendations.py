"""Recommend and rank."""

from fastapi import APIRouter

from service.api.parts import MetricsPart, NewsstandPart, StagesPart
from service.api.strict_json import StrictRoute
from service.domain.recommendation import (
    Ranking,
    RankRequest,
    Recommendation,
    RecommendRequest,
)
from service.pipeline import rank as ranking
from service.pipeline import recommend as recommending

router = APIRouter(route_class=StrictRoute, tags=["recommendations"])


@router.post("/v1/recommend", response_model=Recommendation)
async def recommend(
    body: RecommendRequest, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> Recommendation:
    """Articles for one reader, known or not."""
    recommendation = await recommending.recommend(newsstand, body, stages)
    for reason in recommendation.degraded:
        metrics.degraded.labels(reason).inc()
    variant = recommendation.experiment.variant if recommendation.experiment else ""
    metrics.recommendations.labels(recommendation.scenario, variant).inc()
    return recommendation


@router.post("/v1/rank", response_model=Ranking)
async def rank(
    body: RankRequest, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> Ranking:
    """Given candidates with the model's score: no exclusion, no policy."""
    ranked = await ranking.rank(newsstand, body, stages)
    for reason in ranked.degraded:
        metrics.degraded.labels(reason).inc()
    return ranked

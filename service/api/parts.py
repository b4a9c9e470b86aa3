"""What routes are given: the newsstand, the metrics, the request's stages.

All are coroutines: FastAPI sends plain functions through a pool of threads, request by request.
"""

from typing import Annotated, TypedDict

from fastapi import Depends, Path, Request

from service.api.telemetry import Metrics
from service.domain.fields import Id
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages


class State(TypedDict):
    """What the app's lifespan makes, for as long as it runs."""

    newsstand: Newsstand
    metrics: Metrics


async def _newsstand(request: Request) -> Newsstand:
    newsstand: Newsstand = request.state.newsstand
    return newsstand


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.state.metrics
    return metrics


async def _stages(request: Request) -> Stages:
    stages: Stages = request.scope["stages"]
    return stages


NewsstandPart = Annotated[Newsstand, Depends(_newsstand)]
MetricsPart = Annotated[Metrics, Depends(_metrics)]
StagesPart = Annotated[Stages, Depends(_stages)]
ArticleIdInPath = Annotated[Id, Path(alias="article_id", description="The caller's own id")]
UserIdInPath = Annotated[Id, Path(alias="user_id", description="The caller's own id")]

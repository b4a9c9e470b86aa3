"""What routes are given: the newsstand, the metrics, the request's stages.

All are coroutines: FastAPI sends plain functions through a pool of threads, request by request.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypedDict

from fastapi import Depends, Header, Path, Request

from service.api.metrics.registry import Metrics
from service.api.patience import (
    ARTICLE_SECONDS,
    BATCH_SECONDS,
    ClientPatience,
    patience_seconds,
)
from service.domain.fields import Id
from service.models.running import Running
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages


class State(TypedDict):
    """What the app's lifespan makes, for as long as it runs."""

    running: Running
    metrics: Metrics


async def _running(request: Request) -> Running:
    running: Running = request.state.running
    return running


async def _newsstand(request: Request) -> Newsstand:
    running: Running = request.state.running
    return running.newsstand


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.state.metrics
    return metrics


async def _stages(request: Request) -> Stages:
    stages: Stages = request.scope["stages"]
    return stages


Prefer = Annotated[
    list[str] | None,
    Header(
        description="`wait=SECONDS` (RFC 7240): how long to wait for the encoding, 180 s at most"
    ),
]


def _patience(seconds: float) -> Callable[..., Awaitable[ClientPatience]]:
    """Gives a request its patience: so many seconds, unless the client says how many."""

    async def patience(
        request: Request, metrics: Annotated[Metrics, Depends(_metrics)], prefer: Prefer = None
    ) -> ClientPatience:
        left = patience_seconds(prefer or (), seconds)
        return ClientPatience(request.receive, left, metrics.clients_gone)

    return patience


RunningPart = Annotated[Running, Depends(_running)]
NewsstandPart = Annotated[Newsstand, Depends(_newsstand)]
"""Under the model that is active as the request comes: it answers the whole of it."""
MetricsPart = Annotated[Metrics, Depends(_metrics)]
StagesPart = Annotated[Stages, Depends(_stages)]
PatiencePart = Annotated[ClientPatience, Depends(_patience(ARTICLE_SECONDS))]
BatchPatiencePart = Annotated[ClientPatience, Depends(_patience(BATCH_SECONDS))]
ArticleIdInPath = Annotated[Id, Path(alias="article_id", description="The caller's own id")]
UserIdInPath = Annotated[Id, Path(alias="user_id", description="The caller's own id")]

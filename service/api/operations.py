"""For operators: is it alive, is it ready, what does it count."""

import os

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from service.api.access import READ
from service.api.openapi import declared
from service.api.parts import MetricsPart, NewsstandPart, RunningPart
from service.api.strict_json import BodilessRoute
from service.domain.fields import Message
from service.errors import Unavailable

router = APIRouter(route_class=BodilessRoute, tags=["operations"])


class Health(Message):
    """The state of this process."""

    status: str
    model: str
    articles: int
    process: int
    """Which of the workers answered, by its process id."""


@router.get("/health/live", response_model=Health)
async def live(newsstand: NewsstandPart) -> Health:
    """The process answers."""
    return _health(newsstand, "alive")


@router.get("/health/ready", response_model=Health, responses=declared(Unavailable))
async def ready(newsstand: NewsstandPart) -> Health:
    """The catalogue is loaded: requests may come. Raises 503 while the state store is away."""
    await newsstand.readers.ping()
    return _health(newsstand, "ready")


@router.get("/metrics", response_class=PlainTextResponse, openapi_extra=READ)
async def metrics(running: RunningPart, of: MetricsPart) -> Response:
    """Prometheus metrics."""
    of.tell(running)
    return Response(of.text(), media_type=CONTENT_TYPE_LATEST)


def _health(newsstand: NewsstandPart, status: str) -> Health:
    return Health(
        status=status,
        model=newsstand.model.reference,
        articles=len(newsstand.catalogue),
        process=os.getpid(),
    )

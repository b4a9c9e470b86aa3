"""Events: what readers do."""

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from service.api.batches import BatchAnswer, Refused, answer, parse_items, rejected, request_body
from service.api.parts import MetricsPart, NewsstandPart, StagesPart
from service.api.strict_json import BatchRoute, StrictRequest
from service.api.telemetry import Metrics
from service.domain.event import Event
from service.pipeline.record import Outcome, record

router = APIRouter(route_class=BatchRoute, tags=["events"])


@router.post("/v1/events", response_model=BatchAnswer, openapi_extra=request_body(Event))
async def post_events(
    request: Request, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> BatchAnswer:
    """Record up to 1,000 events: a JSON array, or one JSON object a line."""
    assert isinstance(request, StrictRequest)
    with stages.stage("parse"):
        items = parse_items(request.media_type(), await request.body(), Event)
    with stages.stage("state"):
        sound = [item for item in items if isinstance(item, Event)]
        outcomes = await record(newsstand, sound, int(time.time() * 1000))
    return answer(_results(items, outcomes, metrics))


def _results(
    items: Sequence[Event | Refused], outcomes: Sequence[Outcome], metrics: Metrics
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    of_sound = iter(outcomes)
    for index, item in enumerate(items):
        if isinstance(item, Refused):
            results.append(rejected(index, item))
            metrics.events.labels("invalid", "rejected").inc()
            continue
        outcome = next(of_sound)
        if outcome.error is not None:
            named = {"article_id": item.article_id}
            results.append(rejected(index, Refused(outcome.error, named)))
        else:
            results.append({"status": outcome.status})
        metrics.events.labels(item.type, outcome.status).inc()
    return results

"""Events: what readers do."""

import time
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter, Request

from service.api.access import WRITE
from service.api.batches import (
    BatchAnswer,
    Refused,
    RejectedItem,
    parse_items,
    rejected,
    request_body,
)
from service.api.metrics.registry import Metrics
from service.api.openapi import declared
from service.api.parts import MetricsPart, NewsstandPart, StagesPart
from service.api.strict_json import BatchRoute, StrictRequest
from service.domain.event import Event
from service.domain.fields import Message
from service.errors import StateLost, Unavailable
from service.pipeline.record import Outcome, record

router = APIRouter(route_class=BatchRoute, tags=["events"])


class EventResult(Message):
    """What became of an event: one whose ``event_id`` the reader had already counts no more."""

    status: Literal["recorded", "duplicate"]


class EventsAnswer(BatchAnswer[EventResult]):
    """A result for each event, in order. ``accepted`` counts all but the rejected."""


@router.post(
    "/v1/events",
    response_model=EventsAnswer,
    response_model_exclude_none=True,
    responses=declared(Unavailable, StateLost),
    openapi_extra=WRITE | request_body(Event),
)
async def post_events(
    request: Request, newsstand: NewsstandPart, stages: StagesPart, metrics: MetricsPart
) -> EventsAnswer:
    """Record up to 1,000 events: a JSON array, or one JSON object a line."""
    assert isinstance(request, StrictRequest)
    with stages.stage("parse"):
        items = parse_items(request.media_type(), await request.body(), Event)
    with stages.stage("state"):
        sound = [item for item in items if isinstance(item, Event)]
        outcomes = await record(newsstand, sound, int(time.time() * 1000))
    return EventsAnswer.of(_results(items, outcomes, metrics))


def _results(
    items: Sequence[Event | Refused], outcomes: Sequence[Outcome], metrics: Metrics
) -> list[EventResult | RejectedItem]:
    results: list[EventResult | RejectedItem] = []
    of_sound = iter(outcomes)
    for index, item in enumerate(items):
        if isinstance(item, Refused):
            results.append(rejected(index, item))
            metrics.events.labels("invalid", "rejected").inc()
            continue
        outcome = next(of_sound)
        if outcome.status == "rejected":
            assert outcome.error is not None
            results.append(rejected(index, Refused(outcome.error, item.article_id)))
        else:
            results.append(EventResult(status=outcome.status))
        metrics.events.labels(item.type, outcome.status).inc()
    return results

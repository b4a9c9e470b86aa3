"""Readers: what is stored of one, and its erasure."""

from datetime import UTC, datetime

import numpy as np
from fastapi import APIRouter

from service.api.access import ADMIN
from service.api.openapi import declared
from service.api.parts import NewsstandPart, UserIdInPath
from service.api.stored_user import (
    ClickAnswer,
    DrawnAnswer,
    EventIdAnswer,
    MarkAnswer,
    ServedAnswer,
    ShownAnswer,
    TallyAnswer,
    UserAnswer,
    VectorAnswer,
)
from service.api.strict_json import StrictRoute
from service.domain.fields import UserId
from service.domain.stored_reader import (
    StoredHistoryVector,
    StoredReader,
    StoredServedList,
)
from service.errors import NotFound, StateLost, Unavailable

router = APIRouter(route_class=StrictRoute, tags=["users"])
OUTCOMES = {"0": "nothing", "1": "seen", "2": "clicked"}
MINUTE_MS = 60_000


@router.get(
    "/v1/users/{user_id:path}",
    response_model=UserAnswer,
    responses=declared(NotFound, Unavailable),
    openapi_extra=ADMIN,
)
async def get_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> UserAnswer:
    """All that is stored of a reader."""
    stored = await newsstand.readers.stored(UserId(user_id))
    if stored is None:
        raise NotFound("nothing is stored of this reader")
    return _answer(stored)


@router.delete(
    "/v1/users/{user_id:path}",
    status_code=204,
    responses=declared(Unavailable, StateLost),
    openapi_extra=ADMIN,
)
async def delete_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> None:
    """Erase a reader, known or not."""
    await newsstand.readers.erase(UserId(user_id))
    newsstand.pools.forget(hash(user_id))
    newsstand.histories.forget(user_id)


def _answer(stored: StoredReader) -> UserAnswer:
    parts = {
        "history": stored.history,
        "history_vector": stored.history_vector,
        "marks": stored.marks,
        "event_ids": stored.event_ids,
        "shown": stored.shown,
        "served": stored.served,
        "experiments": stored.tallies,
    }
    return UserAnswer(
        user_id=stored.user_id,
        history=[
            ClickAnswer(article_id=click.article_id, timestamp=_moment(click.timestamp_ms))
            for click in (stored.history.clicks if stored.history else ())
        ],
        marks=[
            MarkAnswer(
                article_id=mark.article_id, timestamp=_moment(mark.timestamp_ms), type=mark.type
            )
            for mark in (stored.marks.marks if stored.marks else ())
        ],
        shown=[
            ShownAnswer(
                article_id=shown.article_id,
                times=shown.times,
                last=_moment(shown.minute * MINUTE_MS),
            )
            for shown in (stored.shown.articles if stored.shown else ())
        ],
        served=[_served(one) for one in (stored.served.lists if stored.served else ())],
        experiments={
            tally.variant: TallyAnswer(impressions=tally.impressions, clicks=tally.clicks)
            for tally in (stored.tallies.tallies if stored.tallies else ())
        },
        history_vector=stored.history_vector and _vector(stored.history_vector),
        event_ids=[
            EventIdAnswer(digest=one.digest.hex(), arrived=_moment(one.arrival_ms))
            for one in (stored.event_ids.event_ids if stored.event_ids else ())
        ],
        kept_until={
            name: _moment(part.expires_ms)
            for name, part in parts.items()
            if part is not None and part.expires_ms is not None
        },
    )


def _vector(stored: StoredHistoryVector) -> VectorAnswer:
    return VectorAnswer(
        model_digest=stored.model_digest.hex(),
        values=np.frombuffer(stored.vector, np.float16).tolist(),
    )


def _served(served: StoredServedList) -> ServedAnswer:
    return ServedAnswer(
        recommendation_id=served.recommendation_id,
        timestamp=_moment(served.moment_ms),
        scenario=served.scenario,
        experiment=served.experiment,
        variant=served.variant,
        article_ids=list(served.article_ids),
        outcomes=[OUTCOMES[digit] for digit in served.outcomes],
        drawn=[DrawnAnswer.model_validate(drawn.model_dump()) for drawn in served.drawn],
    )


def _moment(timestamp_ms: float) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)

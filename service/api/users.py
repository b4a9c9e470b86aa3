"""Readers: what is stored of one, and its erasure."""

from datetime import UTC, datetime

from fastapi import APIRouter

from service.api.parts import NewsstandPart, UserIdInPath
from service.api.strict_json import StrictRoute
from service.domain.fields import Message, Time, UserId
from service.domain.reader import MarkType
from service.domain.served import ServedList
from service.errors import NotFound

router = APIRouter(route_class=StrictRoute, tags=["users"])


class ClickAnswer(Message):
    """One click."""

    article_id: str
    timestamp: Time


class MarkAnswer(ClickAnswer):
    """A like, dislike or hide, or a click that is older than the history."""

    type: MarkType


class ServedAnswer(Message):
    """A list as it was served."""

    recommendation_id: str
    timestamp: Time
    scenario: str
    experiment: str | None
    variant: str | None
    article_ids: list[str]


class TallyAnswer(Message):
    """What the reader saw and clicked in a variant of an experiment."""

    impressions: int
    clicks: int


class UserAnswer(Message):
    """All that is stored of a reader."""

    user_id: str
    history: list[ClickAnswer]
    marks: list[MarkAnswer]
    shown: dict[str, int]
    served: list[ServedAnswer]
    experiments: dict[str, TallyAnswer]
    history_vector: list[float] | None
    event_id_digests: list[str]


@router.get("/v1/users/{user_id:path}", response_model=UserAnswer)
async def get_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> UserAnswer:
    """All that is stored of a reader."""
    readers, reader_id = newsstand.readers, UserId(user_id)
    reader = await readers.read(reader_id)
    digests = await readers.event_id_digests(reader_id)
    served, tallies = await readers.served(reader_id), await readers.tallies(reader_id)
    if not (reader.known or reader.shown or digests or served or tallies):
        raise NotFound("nothing is stored of this reader")
    return UserAnswer(
        user_id=user_id,
        history=[
            ClickAnswer(article_id=article_id, timestamp=_moment(timestamp_ms))
            for article_id, timestamp_ms in zip(reader.clicked, reader.clicked_ms, strict=True)
        ],
        marks=[
            MarkAnswer(article_id=m.article_id, timestamp=_moment(m.timestamp_ms), type=m.type)
            for m in reader.marks
        ],
        shown=dict(reader.shown),
        served=[_served(served_list) for served_list in served],
        experiments={
            variant: TallyAnswer(impressions=seen, clicks=clicked)
            for variant, (seen, clicked) in tallies.items()
        },
        history_vector=None if reader.vector is None else reader.vector.tolist(),
        event_id_digests=[digest.hex() for digest in digests],
    )


@router.delete("/v1/users/{user_id:path}", status_code=204)
async def delete_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> None:
    """Erase a reader, known or not."""
    await newsstand.readers.erase(UserId(user_id))
    newsstand.pools.forget(hash(user_id))


def _served(served: ServedList) -> ServedAnswer:
    return ServedAnswer(
        recommendation_id=served.recommendation_id,
        timestamp=_moment(served.moment_ms),
        scenario=served.scenario,
        experiment=served.experiment,
        variant=served.variant,
        article_ids=list(served.article_ids),
    )


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)

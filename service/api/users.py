"""Readers: what is stored of one, and its erasure."""

from datetime import UTC, datetime

from fastapi import APIRouter

from service.api.parts import NewsstandPart, UserIdInPath
from service.api.strict_json import StrictRoute
from service.domain.fields import Message, Time, UserId
from service.domain.reader import MarkType
from service.errors import NotFound

router = APIRouter(route_class=StrictRoute, tags=["users"])


class ClickAnswer(Message):
    """One click."""

    article_id: str
    timestamp: Time


class MarkAnswer(ClickAnswer):
    """A like, dislike or hide, or a click that is older than the history."""

    type: MarkType


class UserAnswer(Message):
    """All that is stored of a reader."""

    user_id: str
    history: list[ClickAnswer]
    marks: list[MarkAnswer]
    history_vector: list[float] | None
    event_id_digests: list[str]


@router.get("/v1/users/{user_id:path}", response_model=UserAnswer)
async def get_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> UserAnswer:
    """All that is stored of a reader."""
    reader = await newsstand.readers.read(UserId(user_id))
    digests = await newsstand.readers.event_id_digests(UserId(user_id))
    if not reader.known and not digests:
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
        history_vector=None if reader.vector is None else reader.vector.tolist(),
        event_id_digests=[digest.hex() for digest in digests],
    )


@router.delete("/v1/users/{user_id:path}", status_code=204)
async def delete_user(user_id: UserIdInPath, newsstand: NewsstandPart) -> None:
    """Erase a reader, known or not."""
    await newsstand.readers.erase(UserId(user_id))


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)

"""What readers do with articles."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.fields import Id, Incoming, Time

EventType = Literal["click", "impression", "like", "dislike", "hide"]


class Event(Incoming):
    """One reader's act on one article. A missing ``timestamp`` means the time of arrival."""

    user_id: Id
    article_id: Id
    type: EventType
    timestamp: Time | None = None
    event_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    recommendation_id: Id | None = None
    dwell_seconds: Annotated[float, Field(ge=0, le=86_400, strict=True)] | None = None

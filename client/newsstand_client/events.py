"""What readers do with articles."""

import uuid
from typing import Literal

from pydantic import AwareDatetime, Field

from newsstand_client.message import Sent

EventType = Literal["click", "impression", "like", "dislike", "hide"]


def _new_id() -> str:
    return uuid.uuid4().hex


class Event(Sent):
    """One reader's act on one article. Without ``timestamp`` the time of its arrival is taken.

    It has its ``event_id`` from the moment it is made, so that it counts once, however often and by
    whomever it is sent: for 7 days, and as one of the reader's last 200.
    """

    user_id: str
    article_id: str
    type: EventType
    timestamp: AwareDatetime | None = None
    event_id: str = Field(default_factory=_new_id)
    recommendation_id: str | None = None
    dwell_seconds: float | None = None

"""All that is stored of a reader, as it is answered."""

from service.domain.fields import Message, Time
from service.domain.reader import MarkType


class ClickAnswer(Message):
    """One click."""

    article_id: str
    timestamp: Time


class MarkAnswer(ClickAnswer):
    """A like, dislike or hide, or a click that is older than the history."""

    type: MarkType


class ShownAnswer(Message):
    """An article that was shown without a click: how often, and the minute of the last time."""

    article_id: str
    times: int
    last: Time


class DrawnAnswer(Message):
    """A place that was filled by chance; the variants it says something of."""

    article_id: str
    propensity: float
    judged: list[str]
    chosen_by: list[str]


class ServedAnswer(Message):
    """A list as it was served, and what became of each item: ``nothing``, ``seen``, ``clicked``."""

    recommendation_id: str
    timestamp: Time
    scenario: str
    experiment: str | None
    variant: str | None
    article_ids: list[str]
    outcomes: list[str]
    drawn: list[DrawnAnswer]


class TallyAnswer(Message):
    """What the reader saw and clicked in a variant of an experiment."""

    impressions: int
    clicks: int


class VectorAnswer(Message):
    """What a model made of the history; the model stands as a digest of its reference."""

    model_digest: str
    values: list[float]


class EventIdAnswer(Message):
    """An event id that counts as seen: only its digest is kept."""

    digest: str
    arrived: Time


class UserAnswer(Message):
    """All that is stored of a reader. ``kept_until`` says for each part when it is forgotten."""

    user_id: str
    history: list[ClickAnswer]
    marks: list[MarkAnswer]
    shown: list[ShownAnswer]
    served: list[ServedAnswer]
    experiments: dict[str, TallyAnswer]
    history_vector: VectorAnswer | None
    event_ids: list[EventIdAnswer]
    kept_until: dict[str, Time]

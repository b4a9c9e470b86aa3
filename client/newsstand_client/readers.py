"""All that is stored of a reader."""

from collections.abc import Mapping
from datetime import datetime

from newsstand_client.message import Answer


class Click(Answer):
    """One click."""

    article_id: str
    timestamp: datetime


class Mark(Click):
    """A like, dislike or hide, or a click that is older than the history."""

    type: str


class Shown(Answer):
    """An article that was shown without a click: how often, and the minute of the last time."""

    article_id: str
    times: int
    last: datetime


class Drawn(Answer):
    """A place that was filled by chance; the variants it says something of."""

    article_id: str
    propensity: float
    judged: tuple[str, ...]
    chosen_by: tuple[str, ...]


class Served(Answer):
    """A list as it was served, and what became of each item: ``nothing``, ``seen``, ``clicked``."""

    recommendation_id: str
    timestamp: datetime
    scenario: str
    experiment: str | None
    variant: str | None
    article_ids: tuple[str, ...]
    outcomes: tuple[str, ...]
    drawn: tuple[Drawn, ...]


class Tally(Answer):
    """What the reader saw and clicked in a variant of an experiment."""

    impressions: int
    clicks: int


class HistoryVector(Answer):
    """What a model made of the history; the model stands as a digest of its reference."""

    model_digest: str
    values: tuple[float, ...]


class SeenEvent(Answer):
    """An event id that counts as seen: only its digest is kept."""

    digest: str
    arrived: datetime


class User(Answer):
    """All that is stored of a reader; ``kept_until`` says for each part when it is forgotten."""

    user_id: str
    history: tuple[Click, ...]
    marks: tuple[Mark, ...]
    shown: tuple[Shown, ...]
    served: tuple[Served, ...]
    experiments: Mapping[str, Tally]
    history_vector: HistoryVector | None
    event_ids: tuple[SeenEvent, ...]
    kept_until: Mapping[str, datetime]

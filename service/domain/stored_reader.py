"""All that is stored of a reader, as it stands: nothing computed, nothing left out.

``expires_ms`` says when a part is forgotten (ms since 1970), None where that is never. A part that
is not stored is None.
"""

from typing import Literal

from service.domain.encoded import Float16s, Hex
from service.domain.fields import Id, Message
from service.domain.reader import MarkType


class StoredClick(Message):
    """One click."""

    article_id: Id
    timestamp_ms: int


class StoredHistory(Message):
    """The newest clicks, the oldest first; ``version`` grows with every change."""

    version: int
    clicks: tuple[StoredClick, ...]
    expires_ms: int | None = None


class StoredHistoryVector(Message):
    """The vector of the history of that version under the model whose reference has that digest."""

    version: int
    model_digest: Hex
    vector: Float16s
    expires_ms: int | None = None


class StoredMark(Message):
    """A like, dislike or hide, or a click that is older than the history."""

    type: MarkType
    article_id: Id
    timestamp_ms: int


class StoredMarks(Message):
    """The marks, by time."""

    marks: tuple[StoredMark, ...]
    expires_ms: int | None = None


class StoredEventId(Message):
    """The digest of an event id, and when the event came (ms, with its place in its batch as
    ten-thousandths).
    """

    digest: Hex
    arrival_ms: float


class StoredEventIds(Message):
    """The event ids that count as seen, by arrival."""

    event_ids: tuple[StoredEventId, ...]
    expires_ms: int | None = None


class StoredShown(Message):
    """An article shown ``times`` times without a click, last in ``minute`` (since 1970)."""

    article_id: Id
    minute: int
    times: int


class StoredShownArticles(Message):
    """What was shown without a click."""

    articles: tuple[StoredShown, ...]
    expires_ms: int | None = None


class StoredDrawn(Message):
    """See ``served.Drawn``."""

    article_id: Id
    propensity: float
    judged: tuple[str, ...]
    chosen_by: tuple[str, ...]


class StoredServedList(Message):
    """A list as it was served, and what became of each item: a digit for each, 0 nothing, 1 seen,
    2 clicked.
    """

    recommendation_id: str
    moment_ms: int
    scenario: str
    experiment: str | None = None
    variant: str | None = None
    article_ids: tuple[str, ...]
    outcomes: str
    drawn: tuple[StoredDrawn, ...]


class StoredServed(Message):
    """The last lists, the oldest first."""

    lists: tuple[StoredServedList, ...]
    expires_ms: int | None = None


class StoredTally(Message):
    """What the reader saw and clicked in an ``experiment/variant``."""

    variant: str
    impressions: int
    clicks: int


class StoredTallies(Message):
    """The tallies, by variant."""

    tallies: tuple[StoredTally, ...]
    expires_ms: int | None = None


class StoredReader(Message):
    """All that is stored of one reader at one moment."""

    kind: Literal["reader"] = "reader"
    user_id: Id
    history: StoredHistory | None = None
    history_vector: StoredHistoryVector | None = None
    marks: StoredMarks | None = None
    event_ids: StoredEventIds | None = None
    shown: StoredShownArticles | None = None
    served: StoredServed | None = None
    tallies: StoredTallies | None = None

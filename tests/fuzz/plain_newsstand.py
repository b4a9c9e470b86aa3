"""A newsstand as plainly as it can be told, to hold the real one against: dictionaries and sets."""

from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]
HISTORY_LENGTH = 4
"""Short, so that clicks fall off its end."""
TAKES_BACK = {"like": "dislike", "dislike": "like"}


@dataclass
class PlainReader:
    """What is known of one reader."""

    clicks: list[tuple[int, int, str]] = field(default_factory=list)
    """Timestamp (ms), arrival, article: sorted, they are the history."""
    acts: set[tuple[str, str]] = field(default_factory=set)
    """What they liked, disliked or hid, each with how."""
    event_ids: set[str] = field(default_factory=set)

    @property
    def in_order(self) -> list[str]:
        """All that they clicked, the oldest click first."""
        return [article_id for _, _, article_id in sorted(self.clicks)]

    @property
    def history(self) -> list[str]:
        """The newest clicks."""
        return self.in_order[-HISTORY_LENGTH:]

    @property
    def marks(self) -> set[tuple[str, str]]:
        """What is kept beside the history: acts, and the older clicks."""
        return self.acts | {("click", older) for older in self.in_order[:-HISTORY_LENGTH]}

    @property
    def never_again(self) -> set[str]:
        """What they clicked, hid or disliked."""
        refused = {article_id for kind, article_id in self.acts if kind != "like"}
        return refused.union(self.in_order)

    def degraded(self) -> list[str]:
        """What a recommendation says of this reader."""
        if self.clicks:
            return []
        return ["empty_history"] if self.acts else ["unknown_reader"]


@dataclass
class PlainNewsstand:
    """Articles and readers. A history has the newest ``HISTORY_LENGTH`` clicks."""

    stored: dict[str, Fields] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    readers: dict[str, PlainReader] = field(default_factory=dict)
    arrived: int = 0

    @property
    def live(self) -> set[str]:
        """What may be recommended to somebody."""
        return self.stored.keys() - self.expired

    def put(self, article_id: str, fields: Fields, expired: bool) -> str:
        """What becomes of the article."""
        before = self.stored.get(article_id)
        self.stored[article_id] = fields
        self.ever.add(article_id)
        (self.expired.add if expired else self.expired.discard)(article_id)
        if before is None:
            return "created"
        return "unchanged" if before == fields else "updated"

    def withdraw(self, article_id: str) -> None:
        """Known or not."""
        self.stored.pop(article_id, None)
        self.expired.discard(article_id)

    def record(self, event: Fields, timestamp_ms: int) -> str:
        """What becomes of the event."""
        self.arrived += 1
        article_id, kind = event["article_id"], event["type"]
        if article_id not in self.ever:
            return "rejected"
        reader = self.readers.setdefault(event["user_id"], PlainReader())
        if (event_id := event.get("event_id")) is not None:
            if event_id in reader.event_ids:
                return "duplicate"
            reader.event_ids.add(event_id)
        if kind == "click":
            reader.clicks.append((timestamp_ms, self.arrived, article_id))
        elif kind != "impression":
            reader.acts.discard((TAKES_BACK.get(kind, ""), article_id))
            reader.acts.add((kind, article_id))
        return "recorded"

    def available(self, user_id: str, excluded: list[str]) -> set[str]:
        """What may be recommended to this reader."""
        return self.live - self.reader(user_id).never_again - set(excluded)

    def erase(self, user_id: str) -> None:
        """Known or not."""
        self.readers.pop(user_id, None)

    def reader(self, user_id: str) -> PlainReader:
        """The reader, or one of whom nothing is known."""
        return self.readers.get(user_id, PlainReader())

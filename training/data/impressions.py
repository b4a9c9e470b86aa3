"""What a click log holds: news, and impressions of news with what was clicked."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

NewsId = NewType("NewsId", str)
"""A news item's id in the log: the caller's, not a row number."""


@dataclass(frozen=True, slots=True)
class News:
    """One news item; a field that the log leaves empty is an empty string."""

    news_id: NewsId
    category: str
    subcategory: str
    title: str
    abstract: str
    url: str

    def fields(self) -> dict[str, str | None]:
        """The fields that a text template may name (``model_store.text.FIELDS``)."""
        return {
            "title": self.title,
            "abstract": self.abstract,
            "category": self.category,
            "subcategory": self.subcategory,
        }


@dataclass(frozen=True, slots=True)
class Impression:
    """One list of news shown to a reader, with what they clicked."""

    impression_id: str
    user_id: str
    time: datetime
    """In the log's own time zone, which MIND does not state."""
    history: tuple[NewsId, ...]
    """What the reader had clicked before, oldest first, repeats kept."""
    candidates: tuple[NewsId, ...]
    labels: tuple[int, ...]
    """1 for a clicked candidate, 0 for one that was not, in the candidates' order."""

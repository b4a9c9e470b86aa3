"""Events in: what readers did, checked one by one and recorded together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from service.domain.event import Event
from service.domain.fields import ArticleId
from service.errors import FieldError, Invalid, NewsstandError, NotFound
from service.pipeline.newsstand import Newsstand

AHEAD_MS: Final = 5 * 60_000
"""A clock may be wrong by so much; what claims to lie further ahead is rejected."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    status: Literal["recorded", "duplicate", "rejected"]
    error: NewsstandError | None = None


async def record(newsstand: Newsstand, events: Sequence[Event], arrival_ms: int) -> list[Outcome]:
    """Record the events, each reader's in order; what became of each, in order.

    An event on an article that was never stored is rejected, as is one from the future. Raises
    Unavailable; an event with an ``event_id`` can then be repeated without counting twice.
    """
    known = await _known_articles(newsstand, events)
    errors = [_problem(event, known, arrival_ms) for event in events]
    sound = [event for event, error in zip(events, errors, strict=True) if error is None]
    recorded = iter(await newsstand.readers.record(sound, arrival_ms) if sound else [])
    return [
        Outcome("rejected", error) if error is not None else Outcome(next(recorded).status)
        for error in errors
    ]


async def _known_articles(newsstand: Newsstand, events: Sequence[Event]) -> set[ArticleId]:
    asked = {ArticleId(event.article_id) for event in events}
    named = list(asked)
    rows = newsstand.catalogue.find(named).tolist()
    known = {a for a, row in zip(named, rows, strict=True) if row >= 0 or a in newsstand.retired}
    elsewhere = list(asked - known)
    if elsewhere:
        vectors = await newsstand.articles.vectors(elsewhere)
        newsstand.retired.update(vectors)
        known |= vectors.keys()
    return known


def _problem(event: Event, known: set[ArticleId], arrival_ms: int) -> NewsstandError | None:
    if event.article_id not in known:
        return NotFound(f"there is no article {event.article_id}")
    if event.timestamp is not None and event.timestamp.timestamp() * 1000 > arrival_ms + AHEAD_MS:
        why = "is more than five minutes ahead"
        return Invalid(f"timestamp {why}", (FieldError("body", "/timestamp", why),))
    return None

"""Following the article log, so that what any process changes is true here within a second."""

from collections.abc import Sequence
from typing import Protocol

from service.domain.fields import ArticleId
from service.pipeline.newsstand import Newsstand
from service.pipeline.refill import encode_missing
from service.ports import LogEntry

WAIT_MS = 1_000


class ArticleLog(Protocol):
    """The log of article changes."""

    async def log_after(self, position: bytes, wait_ms: int) -> tuple[bytes, list[LogEntry]]:
        """What was logged after ``position`` and the new position. Raises Unavailable."""
        ...


async def follow(newsstand: Newsstand, log: ArticleLog, position: bytes) -> bytes:
    """Apply what was logged after ``position``, waiting up to a second for it; the new position.

    Raises Unavailable; what was applied already is then applied again, which changes nothing.
    """
    position, changes = await log.log_after(position, WAIT_MS)
    await _apply(newsstand, changes)
    return position


async def _apply(newsstand: Newsstand, changes: Sequence[LogEntry]) -> None:
    wanted: dict[ArticleId, None] = {}
    for change in changes:
        if change.withdrawn:
            newsstand.catalogue.withdraw(change.article_id, change.revision)
        elif change.revision > newsstand.catalogue.revision(change.article_id):
            wanted[change.article_id] = None
    if wanted:
        stored = await newsstand.articles.get(list(wanted))
        newsstand.publish(
            await encode_missing(newsstand, [found for found in stored if found is not None])
        )

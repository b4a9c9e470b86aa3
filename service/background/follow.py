"""Following the article log, so that what any process changes is true here within a second."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from service.domain.fields import ArticleId
from service.domain.standing import Lag
from service.pipeline.newsstand import Newsstand
from service.pipeline.pieces import pieces
from service.pipeline.refill import encode_missing, reconcile
from service.ports import LogEntry, LogPiece

WAIT_MS: Final = 1_000
_log = logging.getLogger(__name__)


class ArticleLog(Protocol):
    """The log of article changes. Every call raises Unavailable."""

    async def log_position(self) -> bytes:
        """The newest entry's."""
        ...

    async def log_after(self, position: bytes, wait_ms: int) -> LogPiece:
        """What was logged after ``position``, waiting for it at most ``wait_ms``."""
        ...


class Follower:
    """Keeps one process's catalogue at what was logged."""

    def __init__(
        self,
        newsstand: Newsstand,
        log: ArticleLog,
        position: bytes,
        known: Callable[[], Awaitable[None]],
    ) -> None:
        """``known`` returns when the store is the one that is known, and raises Unavailable while
        it is not: what is missing there is not to vanish here.
        """
        self._newsstand, self._log, self._known = newsstand, log, known
        self.position = position
        """All that was logged up to there is in the catalogue."""
        self._left, self._as_of = 0, 0.0
        self._doubted = False

    def doubt(self) -> None:
        """The log may be another one: have the next step read all that is stored."""
        self._doubted = True

    @property
    def lag(self) -> Lag:
        """How far the catalogue is behind the log: entries up to a hundred, and the seconds of
        which it may lack something; a second or two where it lacks nothing.
        """
        return Lag(self._left, max(0.0, self._newsstand.clock() - self._as_of))

    async def start_over(self) -> None:
        """Make the catalogue what is stored, whatever it was before. Raises Unavailable."""
        began, position = self._newsstand.clock(), await self._log.log_position()
        await reconcile(self._newsstand, self._known)
        self.position, self._doubted = position, False
        self._left, self._as_of = 0, began

    async def step(self, wait_ms: int = WAIT_MS) -> int:
        """Apply what is logged next, waiting for it; how many entries these were.

        Where entries are missing (this process was away for longer than the log reaches, or the
        store has lost its end) the catalogue is made anew from what is stored. Raises Unavailable;
        what was applied already is then applied again, which changes nothing.
        """
        began = self._newsstand.clock()
        piece = await self._log.log_after(self.position, wait_ms)
        if self._doubted or not piece.complete:
            _log.warning("the article log has a gap: reading all that is stored")
            await self.start_over()
            return len(piece.changes)
        await _apply(self._newsstand, piece.changes)
        self.position, self._left = piece.position, piece.left
        # What is left may have come since: then nothing older is missing than was before.
        self._as_of = max(self._as_of, piece.moment) if piece.left else began
        return len(piece.changes)

    async def catch_up(self) -> None:
        """Apply all that is logged by now. Raises Unavailable."""
        while await self.step(wait_ms=1):
            pass


async def _apply(newsstand: Newsstand, changes: Sequence[LogEntry]) -> None:
    known = newsstand.catalogue.revisions([change.article_id for change in changes])
    wanted: dict[ArticleId, None] = {}
    for change, revision in zip(changes, known, strict=True):
        if change.withdrawn:
            newsstand.catalogue.withdraw(change.article_id, change.revision)
        elif change.revision > revision:
            wanted[change.article_id] = None
    for piece in pieces(list(wanted)):
        stored = await newsstand.articles.get(piece)
        newsstand.publish(
            await encode_missing(newsstand, [found for found in stored if found is not None])
        )

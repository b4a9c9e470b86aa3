"""The article log: a stream that tells every process which articles changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.terms import KEPT, READ
from service.catalogue.sealed import START
from service.domain.fields import ArticleId
from service.ports import LogEntry, LogPiece

ENTRIES_KEPT: Final = 1_000_000
READ_AT_ONCE: Final = 100
LINES_AN_ENTRY: Final = 1_000


class ArticleLog:
    """Reads what ``logged`` wrote."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def log_position(self) -> bytes:
        """The newest entry's, be it still there or not. Raises Unavailable."""
        return (await self._reach(START, START)).last

    async def log_after(self, position: bytes, wait_ms: int) -> LogPiece:
        """What was logged after ``position``, waiting for it at most ``wait_ms``. Incomplete where
        entries after ``position`` are gone: trimmed, or lost by a store that fell back behind it.
        (Where the entry at ``position`` is the last that was trimmed, too: it cannot be told.)

        Raises Unavailable.
        """
        found = await self._connection.streams_after(
            {keys.ARTICLE_LOG: position}, READ_AT_ONCE, wait_ms
        )
        entries = found.get(keys.ARTICLE_LOG, ())
        until = entries[-1][0] if entries else position
        reach = await self._reach(position, until)
        return LogPiece(
            position=until,
            changes=[change for _, fields in entries for change in _changes(fields)],
            complete=(reach.held or position in (START, reach.last))
            and _moment(reach.first) <= _moment(position) <= _moment(reach.last),
            left=reach.left,
        )

    async def _reach(self, position: bytes, until: bytes) -> "_Reach":
        reach = await self._connection.call(
            "log_reach", [keys.ARTICLE_LOG], position, until, terms=READ
        )
        first, last, held, left = reach
        return _Reach(first, last, bool(held), left)


class _Reach(NamedTuple):
    first: bytes
    """The first entry that is there, or '0-0' where none was removed."""
    last: bytes
    """The last that ever was."""
    held: bool
    """Whether the one at the position asked for is there."""
    left: int
    """How many come after the last that was read."""


async def logged(
    connection: Connection,
    operation: Literal["put", "withdraw"],
    changes: Sequence[tuple[ArticleId, int]],
) -> None:
    """Log the articles and their revisions. Raises Unavailable."""
    for start in range(0, len(changes), LINES_AN_ENTRY):
        piece = changes[start : start + LINES_AN_ENTRY]
        lines = "\n".join(f"{article_id} {revision}" for article_id, revision in piece)
        await connection.send(
            *("XADD", keys.ARTICLE_LOG, "MAXLEN", "~", ENTRIES_KEPT, "*", operation, lines),
            terms=KEPT,
        )


def _moment(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.partition(b"-")
    return int(milliseconds), int(sequence)


def _changes(fields: Mapping[bytes, bytes]) -> Iterable[LogEntry]:
    for operation, lines in fields.items():
        for line in lines.decode().splitlines():
            article_id, revision = line.split(" ")
            yield LogEntry(ArticleId(article_id), int(revision), operation == b"withdraw")

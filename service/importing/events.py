"""Readers' events into a running service; the demo loads its readers' clicks this way."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from service.importing.batches import Batch, batches
from service.importing.client import Result, connect
from service.importing.errors import Unreadable, UnsoundRecord
from service.importing.in_order import send_in_order
from service.importing.moments import minutes_before
from service.importing.patience import DEFAULT_PATIENCE, Patience
from service.importing.records import Fields, Record
from service.importing.report import Rejection, outcome
from service.importing.run import IN_FLIGHT
from service.importing.sources.lines import Line, read_lines

PATH: Final = "v1/events"
STATUSES: Final = frozenset({"recorded", "duplicate", "rejected"})


@dataclass(frozen=True, slots=True)
class EventsReport:
    """How many events became what, and why those were rejected that were."""

    recorded: int
    duplicates: int
    rejections: Sequence[Rejection]
    seconds: float


def post_events(
    events: Iterable[Fields],
    *,
    to: str,
    api_key: str | None = None,
    batch_size: int = 500,
    patience: Patience = DEFAULT_PATIENCE,
) -> EventsReport:
    """Post ``events`` (fields as ``POST /v1/events`` takes them) to the service at ``to``.

    Events that bear an ``event_id`` may be posted again: they are duplicates then. Raises
    ImportStopped; what was acknowledged before stays recorded.
    """
    statuses: Counter[str] = Counter()
    rejections: list[Rejection] = []

    def acknowledge(batch: Batch, results: Sequence[Result]) -> None:
        became = outcome(batch, results, STATUSES)
        statuses.update(became.statuses)
        rejections.extend(became.rejections)

    async def send() -> None:
        async with connect(to, api_key, patience, IN_FLIGHT) as client:

            async def post(batch: Batch) -> list[Result]:
                return await client.post(PATH, batch.lines)

            records = (Record(f"event {n}", event, 0.0) for n, event in enumerate(events, 1))
            await send_in_order(batches(records, batch_size), post, acknowledge, IN_FLIGHT)

    began = time.monotonic()
    asyncio.run(send())
    seconds = time.monotonic() - began
    return EventsReport(statuses["recorded"], statuses["duplicate"], rejections, seconds)


def sample_clicks(readers: Path, now: datetime) -> Iterator[Fields]:
    """The clicks of a file of sample readers, one reader a line, as events.

    A line is ``{"user_id": …, "clicks": [{"article_id": …, "minutes_ago": …}, …], …}``. An event's
    id depends on the reader, the article and the click's position alone, so that clicks loaded
    twice, at whatever time, count once. Raises Unreadable, which names the line.
    """
    for line in read_lines(readers):
        try:
            yield from _clicks(line, now)
        except (UnsoundRecord, ValueError, TypeError, KeyError, OverflowError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else error
            raise Unreadable(f"{line.place} is no sample reader: {reason}") from error


def _clicks(line: Line, now: datetime) -> list[Fields]:
    reader: Any = orjson.loads(line.text())
    return [
        {
            "user_id": reader["user_id"],
            "article_id": click["article_id"],
            "type": "click",
            "timestamp": minutes_before(now, click["minutes_ago"]),
            "event_id": _event_id(reader["user_id"], click["article_id"], position),
        }
        for position, click in enumerate(reader["clicks"])
    ]


def _event_id(user_id: str, article_id: str, position: int) -> str:
    named = orjson.dumps([user_id, article_id, position])
    return "sample-" + hashlib.sha256(named).hexdigest()[:32]

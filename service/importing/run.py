"""One run of an import: records from the source, batches to the service, progress remembered."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from service.importing.article import complete
from service.importing.batches import Batch, batches
from service.importing.checkpoint import Checkpoint, Progress
from service.importing.client import Result, ServiceClient
from service.importing.display import Display
from service.importing.in_order import send_in_order
from service.importing.records import Problem, Record, Source
from service.importing.report import ImportReport, outcome

PATH: Final = "v1/articles"
STATUSES: Final = ("created", "updated", "unchanged", "rejected")
IN_FLIGHT: Final = 2
"""Batches on their way at once: one is encoded while the other waits at the service's door."""


@dataclass
class Run:
    """What a run reads, where it shows and remembers, and how far it and earlier ones came."""

    source: Source
    checkpoint: Checkpoint
    display: Display
    language: str | None
    batch_size: int
    before: Progress
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def acknowledged(self) -> int:
        """Records of the source that the service has answered for, in this run or before."""
        return self.before.acknowledged + self.statuses.total()

    @property
    def _rejected(self) -> int:
        return self.before.rejected + self.statuses["rejected"]

    async def send(self, client: ServiceClient) -> None:
        """Send all that is left of the source. Raises ImportStopped."""

        async def post(batch: Batch) -> list[Result]:
            return await client.post(PATH, batch.lines)

        with closing(self._articles()) as records:
            outgoing = batches(records, self.batch_size)
            await send_in_order(outgoing, post, self._acknowledge, IN_FLIGHT)
        self.checkpoint.acknowledge(self.acknowledged, self._rejected, finished=True)

    def report(self, seconds: float) -> ImportReport:
        """What became of the records so far."""
        created, updated, unchanged, rejected = (self.statuses[status] for status in STATUSES)
        accepted = created + updated + unchanged
        return ImportReport(
            accepted, rejected, self.before.acknowledged, created, updated, unchanged, seconds
        )

    def _articles(self) -> Generator[Record, None, None]:
        records = self.source.records()
        share = 0.0
        for record in islice(records, self.before.acknowledged):
            share = record.share
        self.display.begin(share)
        now = datetime.now(UTC)
        for record in records:
            yield _completed(record, self.language, now)

    def _acknowledge(self, batch: Batch, results: Sequence[Result]) -> None:
        became = outcome(batch, results, STATUSES)
        self.statuses += became.statuses
        self.checkpoint.acknowledge(self.acknowledged, self._rejected)
        accepted = self.statuses.total() - self.statuses["rejected"]
        self.display.advance(batch.records[-1].share, accepted, became.rejections)


def _completed(record: Record, language: str | None, now: datetime) -> Record:
    if isinstance(record.content, Problem):
        return record
    return Record.of(
        record.place, record.share, complete, record.content, language=language, now=now
    )

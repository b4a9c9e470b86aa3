"""What became of the records."""

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from service.importing.batches import Batch
from service.importing.client import Result
from service.importing.errors import UnexpectedAnswer
from service.importing.records import Problem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many records of the source became what, in this run.

    ``accepted`` is ``created`` + ``updated`` + ``unchanged``; ``skipped`` were acknowledged by an
    earlier run.
    """

    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        kinds = f"{self.created:,} new, {self.updated:,} updated, {self.unchanged:,} unchanged"
        parts = [f"{self.accepted:,} accepted ({kinds})", f"{self.rejected:,} rejected"]
        if self.skipped:
            parts.append(f"{self.skipped:,} done before")
        return f"{', '.join(parts)}, in {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is not imported: where it stands and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one batch."""

    statuses: Counter[str]
    rejections: Sequence[Rejection]


def outcome(batch: Batch, results: Sequence[Result], known: Container[str]) -> Outcome:
    """The batch's records counted by status, and those that were rejected, in order.

    Raises UnexpectedAnswer for a status that is not ``known``.
    """
    of_articles = iter(results)
    statuses: Counter[str] = Counter()
    rejections = []
    for record in batch.records:
        if isinstance(record.content, Problem):
            status, reason = "rejected", record.content.detail
        else:
            result = next(of_articles)
            status, reason = result["status"], _why(result)
        if status not in known:
            raise UnexpectedAnswer(f"the service answers with the unknown status {status!r}")
        statuses[status] += 1
        if status == "rejected":
            rejections.append(Rejection(record.place, reason))
    return Outcome(statuses, rejections)


def _why(result: Result) -> str:
    """The reason that the service gives for a rejected item."""
    error: Any = result.get("error")
    if not isinstance(error, dict):
        return "the service gives no reason"
    return str(error.get("detail") or error.get("title") or "the service gives no reason")

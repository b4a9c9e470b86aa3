"""Records in batches, as they go out: so many articles, so many bytes at most."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from service.importing.errors import UnsoundRecord
from service.importing.records import Fields, Problem, Record

MOST_ITEMS: Final = 1_000
"""What the service takes in one request."""
MOST_BYTES: Final = 4_000_000


@dataclass(slots=True)
class Batch:
    """Consecutive records, and the JSON of those that are articles, in order."""

    records: list[Record] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)


def batches(records: Iterable[Record], size: int, most_bytes: int = MOST_BYTES) -> Iterator[Batch]:
    """All ``records``, in order, ``size`` of them a batch; fewer where the bytes are used up.

    An article that alone takes more than ``most_bytes``, or holds what JSON cannot, is a Problem.
    """
    batch, used = Batch(), 0
    for record in records:
        line = b""
        if not isinstance(record.content, Problem):
            record, line = _serialised(record, record.content, most_bytes)
        if batch.records and (len(batch.records) == size or used + len(line) + 1 > most_bytes):
            yield batch
            batch, used = Batch(), 0
        batch.records.append(record)
        if line:
            batch.lines.append(line)
            used += len(line) + 1
    if batch.records:
        yield batch


def line_of(item: Any, most_bytes: int = MOST_BYTES) -> bytes:
    """One item as a line of JSON. Raises UnsoundRecord where it cannot be one, or is too large."""
    try:
        line = orjson.dumps(item)
    except orjson.JSONEncodeError as error:
        raise UnsoundRecord(f"cannot be written as JSON: {error}") from error
    if len(line) + 1 > most_bytes:
        raise UnsoundRecord(f"takes {len(line):,} bytes, more than the {most_bytes:,} of a batch")
    return line


def _serialised(record: Record, content: Fields, most_bytes: int) -> tuple[Record, bytes]:
    try:
        return record, line_of(content, most_bytes)
    except UnsoundRecord as error:
        return replace(record, content=Problem(str(error))), b""

"""The import of an export: its records in order, each whole, progress remembered by the store."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from service.transfer.display import Display
from service.transfer.errors import StoreNotEmpty
from service.transfer.format import ExportFiles
from service.transfer.records import Kind, Record
from service.transfer.store import StateSink

WRITTEN_AT_ONCE: Final = 500


async def import_state(
    export: ExportFiles, sink: StateSink, display: Display, *, merge: bool, again: bool
) -> Counter[Kind]:
    """Import what an earlier run left of the export, or with ``again`` all of it; how many
    records were written. ``merge`` allows a store that is not empty, which keeps what is newer.

    Raises TransferStopped, and Unavailable: then the next run goes on.
    """
    export_id = export.header.export_id
    before = await sink.imported(export_id)
    if (before is None or again) and not merge and not await sink.is_empty():
        raise StoreNotEmpty(
            "the store holds articles, readers or counters already: with --merge, what is newer "
            "is kept"
        )
    done = 0 if again or before is None else before
    await sink.remember_imported(export_id, done)
    counts: Counter[Kind] = Counter()
    for some in _pieces(export.records(done)):
        await sink.write(some)
        done += len(some)
        counts.update(record.kind for record in some)
        await sink.remember_imported(export_id, done)
        display.advance(done, export.total, counts)
    if before:
        display.say(f"{before:,} records were imported before (--again imports them anew)")
    return counts


def _pieces(records: Iterator[Record]) -> Iterator[list[Record]]:
    while some := list(islice(records, WRITTEN_AT_ONCE)):
        yield some

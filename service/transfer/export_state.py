"""An export: what is stored is written down, then read and written unit by unit, then handed over.

What an earlier run did is not done again: the plan stands, and so does every unit that it wrote.
"""

import uuid
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from service.transfer.display import Display
from service.transfer.formats import format_named
from service.transfer.records import End, Header, Kind
from service.transfer.store import StateSource
from service.transfer.workplace import Reached, Workplace


async def export_state(
    source: StateSource, store: str, target: Path, display: Display
) -> Counter[Kind]:
    """Export all that ``source`` holds into ``target``, from where an earlier run stopped; how
    many records it has. ``store`` names the source for people and for later runs.

    Raises TransferStopped, and Unavailable: then the next run goes on.
    """
    place = Workplace(target)
    writer = format_named(target).writer(place.data)
    with place.taken():
        reached = place.reached(store)
        if reached is None:
            header = _header()
            reached = Reached(header=header, store=store, position=writer.begin(header))
            place.remember(reached)
        elif reached.units:
            display.say(f"Going on with the export that was begun at {reached.header.began_at}")
        writer.go_on(reached.position)
        if not place.plan.made:
            await source.settle()
            await place.plan.make(source.names())
        total = place.plan.count()
        for number, unit in enumerate(place.plan.units()):
            if number >= reached.units:
                records = await source.read(unit.kind, unit.wanted)
                position = writer.write(number, unit.kind, records, reached.position)
                reached = reached.after(unit.kind, len(records), position)
                place.remember(reached)
                display.advance(reached.units, total, Counter(reached.counts))
        writer.finish(reached.header, End(records=reached.counts), reached.position)
        place.hand_over()
    return Counter(reached.counts)


def _header() -> Header:
    return Header(
        export_id=uuid.uuid4().hex,
        began_at=datetime.now(UTC).isoformat(timespec="seconds"),
        newsstand=metadata.version("newsstand"),
    )

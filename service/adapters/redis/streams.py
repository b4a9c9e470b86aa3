"""Reading several streams: one blocking command where they share a server, else by looking."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from service.adapters.redis.errands import delivered
from service.adapters.redis.layout import Layout
from service.adapters.redis.scripts import Argument
from service.adapters.redis.slots import slot_of_key
from service.adapters.redis.terms import READ

Entries = Sequence[tuple[bytes, Mapping[bytes, bytes]]]


async def read_streams(
    layout: Layout, positions: Mapping[str, bytes], count: int, wait_ms: int
) -> Mapping[str, Entries]:
    """See ``Connection.streams_after``.

    No command may name streams of several slots of a Cluster. There each stream is asked by
    itself, all of them in one round trip for each node; if none has anything, this waits and
    leaves looking again to the caller.
    """
    if layout.together({slot_of_key(name) for name in positions}):
        command: list[Argument] = ["XREAD", "COUNT", count, "BLOCK", wait_ms, "STREAMS"]
        command += [*positions, *positions.values()]
        (answer,) = await delivered(layout, [command], READ.waiting(wait_ms))
        return _by_name(answer)
    answers = await delivered(
        layout,
        [("XREAD", "COUNT", count, "STREAMS", *stream) for stream in positions.items()],
        READ,
    )
    found = [stream for answer in answers for stream in answer or ()]
    if not found:
        await asyncio.sleep(wait_ms / 1000)
    return _by_name(found)


def _by_name(found: Iterable[tuple[bytes, Entries]] | None) -> Mapping[str, Entries]:
    return {name.decode(): entries for name, entries in found or ()}

"""A primary that dies in mid-write, and its replica that takes over."""

import asyncio
import random
from typing import Final

from bench.faults.fault import NOTHING, Fault, Stage
from bench.faults.stages import follow, on_a_pair
from tests.redis_servers import promote


async def failover(stage: Stage, rng: random.Random) -> None:
    """The replica is promoted, the address moves, the dead one comes back as its replica."""
    dead, replica = stage.servers
    address, between = stage.ways
    dead.kill()
    await asyncio.to_thread(promote, replica)
    address.lead_to(replica)
    stage.servers = [replica, dead]
    await asyncio.to_thread(dead.start)
    between.lead_to(replica)
    await asyncio.to_thread(follow, dead, between)


FAULTS: Final = (
    Fault(
        "primary killed, replica promoted, `replicated`",
        "one service, a replica 20 ms behind",
        on_a_pair("replicated"),
        failover,
    ),
    Fault(
        "primary killed, replica promoted, `local`",
        "one service, a replica 20 ms behind",
        on_a_pair("local"),
        failover,
        promised=NOTHING,
    ),
)

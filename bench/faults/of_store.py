"""Faults of a Redis that stands by itself."""

import asyncio
import random
import subprocess
import sys
from typing import Final

from bench.faults.fault import Fault, Stage
from bench.faults.stages import on_redis

FAULT_SECONDS: Final = (0.5, 2.0)
SLOW_SECONDS: Final = 0.2
LITTLE_MEMORY: Final = 1_000_000
CUT_SHARE: Final = 0.1


async def _for_a_while(rng: random.Random) -> None:
    await asyncio.sleep(rng.uniform(*FAULT_SECONDS))


async def killed(stage: Stage, rng: random.Random) -> None:
    """It is started again on its append-only file."""
    (server,) = stage.servers
    server.kill()
    await _for_a_while(rng)
    await asyncio.to_thread(server.start)


async def hung(stage: Stage, rng: random.Random) -> None:
    """It stops running, its connections open."""
    with stage.servers[0].hung():
        await _for_a_while(rng)


async def slow(stage: Stage, rng: random.Random) -> None:
    """Every answer is late."""
    stage.ways[0].answers_after = SLOW_SECONDS
    await _for_a_while(rng)
    stage.ways[0].answers_after = 0.0


async def full(stage: Stage, rng: random.Random) -> None:
    """It has more than it may, and then room again."""
    (server,) = stage.servers
    server.ask("CONFIG", "SET", "maxmemory", LITTLE_MEMORY)
    await _for_a_while(rng)
    server.ask("CONFIG", "SET", "maxmemory", 0)


async def cut(stage: Stage, rng: random.Random) -> None:
    """Some connections close once the server was asked, before it answers."""
    stage.ways[0].cut_after_asking = lambda asked: rng.random() < CUT_SHARE
    await _for_a_while(rng)
    stage.ways[0].cut_after_asking = lambda asked: False


async def emptied(stage: Stage, rng: random.Random) -> None:
    """An operator confirms the empty store."""
    stage.servers[0].ask("FLUSHALL")
    await confirmed(stage, rng)


async def disk_lost(stage: Stage, rng: random.Random) -> None:
    """It comes back with nothing, and an operator confirms."""
    (server,) = stage.servers
    server.lose_disk()
    await asyncio.to_thread(server.start)
    await confirmed(stage, rng)


async def confirmed(stage: Stage, rng: random.Random) -> None:
    """Some time later an operator runs ``newsstand state confirm``."""
    await _for_a_while(rng)
    command = [sys.executable, "-m", "service.cli", "state", "confirm", "--redis-url", stage.url]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)


ONE: Final = "one service, Redis"
TWO: Final = "two replicas, Redis"
FAULTS: Final = (
    Fault("Redis killed and started", TWO, on_redis(replicas=2), killed),
    Fault("Redis hangs", ONE, on_redis(), hung),
    Fault("Redis answers 0.2 s late", ONE, on_redis(), slow),
    Fault("Redis full", ONE, on_redis(), full),
    Fault("connections cut before the answer", ONE, on_redis(), cut),
    Fault(
        "Redis emptied (FLUSHALL)",
        TWO,
        on_redis(replicas=2),
        emptied,
        promised=frozenset({"articles", "withdrawals"}),
    ),
    Fault(
        "Redis loses its disk",
        TWO,
        on_redis(replicas=2),
        disk_lost,
        promised=frozenset({"articles", "withdrawals"}),
    ),
)

"""Faults of a Redis Cluster of three masters."""

import asyncio
import random
from typing import Final

from bench.faults.fault import Fault, Stage
from bench.faults.stages import on_a_cluster
from service.adapters.redis import keys
from service.domain.fields import UserId
from tests.redis_servers import Cluster, Server, until

SLOTS_MOVED: Final = 4


async def resharded(stage: Stage, rng: random.Random) -> None:
    """Slots in which something happens move to another master, key by key."""
    assert stage.cluster is not None
    await asyncio.to_thread(_moved, stage.cluster, busy_keys(stage, rng))


async def master_lost(stage: Stage, rng: random.Random) -> None:
    """Its replica takes over; it comes back as the replica of its replica."""
    assert stage.cluster is not None
    await asyncio.to_thread(_lost, stage.cluster, rng)


def busy_keys(stage: Stage, rng: random.Random) -> list[str]:
    """The article log, the counters, and some readers."""
    readers = [UserId(f"u{rng.randrange(1_000)}") for _ in range(SLOTS_MOVED - 2)]
    return [keys.ARTICLE_LOG, keys.COUNTED, *(keys.history(reader) for reader in readers)]


def _moved(cluster: Cluster, names: list[str]) -> None:
    for name in names:
        source = cluster.owner(name)
        place = cluster.masters.index(source)
        target = cluster.masters[(place + 1) % len(cluster.masters)]
        cluster.move(cluster.slot(name), source, target)


def _lost(cluster: Cluster, rng: random.Random) -> None:
    every = [*cluster.masters, *cluster.replicas]
    dead = rng.choice([server for server in every if _is_master(server)])
    dead.kill()
    until(lambda: cluster.has_taken_over(dead))
    dead.start()
    until(lambda: b"master_link_status:up" in dead.ask("INFO", "replication"))


def _is_master(server: Server) -> bool:
    return b"role:master" in server.ask("INFO", "replication")


FAULTS: Final = (
    Fault("slots move", "one service, Cluster of three masters", on_a_cluster(), resharded),
    Fault(
        "a master of the Cluster killed",
        "one service, `replicated`, Cluster with a replica each",
        on_a_cluster(replicas=1),
        master_lost,
    ),
)

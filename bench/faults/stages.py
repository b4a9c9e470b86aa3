"""The stages: real services on real state stores, filled with what readers click."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.faults.fault import Artefact, Build, Stage
from bench.faults.service import Service
from bench.faults.traffic import stocked
from service.adapters.embedded_valkey import EmbeddedValkey
from tests.forwarder import Forwarder
from tests.redis_servers import Cluster, Server, cluster, until

PERSISTENT: Final = ("--appendonly", "yes")
QUICK: Final = ("--repl-diskless-sync-delay", "0", "--repl-timeout", "10")
LAG_SECONDS: Final = 0.02
"""So far a replica stands behind its primary: on loopback alone it would miss nothing."""


def embedded(workers: int = 1) -> Build:
    """One service with its own Valkey."""

    async def build(folder: Path, artefact: Artefact, stack: ExitStack) -> Stage:
        service = Service(folder, *artefact.arguments, workers=workers)
        url = EmbeddedValkey(service.data_dir).url
        return await _up(Stage([stack.enter_context(service)], url, artefact))

    return build


def on_redis(replicas: int = 1) -> Build:
    """Services on one Redis with an append-only file, reached through a forwarder."""

    async def build(folder: Path, artefact: Artefact, stack: ExitStack) -> Stage:
        server = await _started(stack, folder / "redis", *PERSISTENT)
        way = stack.enter_context(Forwarder(server))
        services = _services(folder, artefact, stack, replicas, "--redis-url", way.url)
        return await _up(Stage(services, way.url, artefact, [server], [way]))

    return build


def on_a_pair(durability: str) -> Build:
    """A service on a primary whose replica is behind, reached by an address that can move."""

    async def build(folder: Path, artefact: Artefact, stack: ExitStack) -> Stage:
        primary = await _started(stack, folder / "one", *QUICK)
        replica = await _started(stack, folder / "other", *QUICK)
        address = stack.enter_context(Forwarder(primary))
        between = stack.enter_context(Forwarder(primary))
        between.answers_after = LAG_SECONDS
        await asyncio.to_thread(follow, replica, between)
        more = ("--redis-url", address.url, "--durability", durability)
        services = _services(folder, artefact, stack, 1, *more)
        stage = Stage(services, address.url, artefact, [primary, replica], [address, between])
        return await _up(stage)

    return build


def on_a_cluster(replicas: int = 0) -> Build:
    """A service on three masters; where they have replicas, with replicated durability."""

    async def build(folder: Path, artefact: Artefact, stack: ExitStack) -> Stage:
        nodes = cluster(folder / "cluster", *PERSISTENT, replicas=replicas)
        running: Cluster = await asyncio.to_thread(stack.enter_context, nodes)
        durability = "replicated" if replicas else "local"
        more = ("--redis-url", running.url, "--durability", durability)
        services = _services(folder, artefact, stack, 1, *more)
        return await _up(replace(Stage(services, running.url, artefact), cluster=running))

    return build


def follow(replica: Server, way: Forwarder) -> None:
    """Make it a replica of what the way leads to, and wait until it has caught up."""
    replica.ask("REPLICAOF", "127.0.0.1", way.port)
    until(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"))


def _services(
    folder: Path, artefact: Artefact, stack: ExitStack, count: int, *more: str
) -> Sequence[Service]:
    arguments = (*artefact.arguments, *more)
    every = [Service(folder / f"service-{number}", *arguments) for number in range(count)]
    return [stack.enter_context(service) for service in every]


async def _started(stack: ExitStack, folder: Path, *options: str) -> Server:
    return await asyncio.to_thread(stack.enter_context, Server(folder, *options))


async def _up(stage: Stage) -> Stage:
    for service in stage.services:
        service.launch()
    for service in stage.services:
        await service.ready()
    await stocked(stage.services[0])
    return stage

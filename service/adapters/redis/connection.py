"""The connection to the state store: one interface over one server and over a Cluster.

| module | holds |
|---|---|
| ``addresses`` | the addresses that can be given, TLS, and what an ACL user needs |
| ``terms`` | how long a command may take, and what its answer promises |
| ``errands`` | which server each command goes to, and redirections |
| ``layout``, ``cluster`` | the servers: one, or a Cluster's nodes as slots move and nodes die |
| ``node``, ``lane``, ``breaker``, ``budget`` | one server: connections, time-outs, breaker |
| ``durability`` | when a write counts as kept |
| ``identity`` | whether the store is the one that this newsstand knows |
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from service.adapters.redis.addresses import Address
from service.adapters.redis.answers import read
from service.adapters.redis.breaker import Breaker
from service.adapters.redis.cluster import Cluster
from service.adapters.redis.durability import Durability
from service.adapters.redis.errands import delivered
from service.adapters.redis.layout import Layout, SingleServer
from service.adapters.redis.node import Node, Watch
from service.adapters.redis.refusals import unavailable
from service.adapters.redis.scripts import Argument, Call, Command, Script, called
from service.adapters.redis.streams import Entries, read_streams
from service.adapters.redis.terms import READ, WRITE, Terms

__all__ = ["Call", "Command", "Connection", "Script"]
SCAN_COUNT = 1_000


class Connection:
    """Sends commands. What was sent is never sent again by us: what failed is the caller's to
    repeat. Where a call goes to several nodes and one fails, the others have done their part.

    ``terms`` say how long a call may take, and whether it writes and must be kept
    (``terms.PROMPT``, ``READ``, ``WRITE``, ``KEPT``).

    While the server is away, calls fail at once (``breaker``). A single server that fails over
    is found again under the same address: a DNS name, proxy, service address or socket that
    leads to the promoted one. Connections to a server that says it is a replica are closed, and
    the name is looked up anew. A Cluster finds its promoted replicas by itself.
    """

    def __init__(self, url: str, *, durability: Durability = "local") -> None:
        """Raises SetupError for an address that cannot be one. Nothing is sent yet."""
        address = Address.of(url)
        kind = Cluster if address.cluster else SingleServer
        self._layout: Layout = kind(address, durability)

    async def open(self) -> None:
        """Find the servers and say hello. Raises Unavailable."""
        await self._layout.open()
        await self.send("PING")

    async def close(self) -> None:
        """Close every connection."""
        await self._layout.close()

    def watched_by(self, watch: Watch) -> None:
        """Have every connection looked at before it is used, and every write allowed."""
        self._layout.watched_by(watch)

    def breakers(self) -> Mapping[str, Breaker]:
        """The circuit breaker of each server by its address, for metrics."""
        return {str(node.place): node.breaker for node in self._layout.masters()}

    async def send(self, *command: Argument, terms: Terms = READ) -> Any:
        """Send one command. Raises Unavailable."""
        return (await delivered(self._layout, [command], terms))[0]

    async def send_all(self, commands: Iterable[Command], *, terms: Terms = READ) -> list[Any]:
        """Send many commands in one round trip for each server, not as a transaction; the results
        in order. Raises Unavailable.
        """
        return await delivered(self._layout, list(commands), terms)

    async def call(
        self, script: Script, keys: Sequence[str], *arguments: Argument, terms: Terms = WRITE
    ) -> Any:
        """Run one script. Raises Unavailable."""
        return await self.send(*called((script, keys, arguments)), terms=terms)

    async def call_all(self, calls: Sequence[Call], *, terms: Terms = WRITE) -> list[Any]:
        """Run many scripts in one round trip for each server; the results in order. Raises
        Unavailable.
        """
        return await delivered(self._layout, [called(call) for call in calls], terms)

    async def streams_after(
        self, positions: Mapping[str, bytes], count: int, wait_ms: int
    ) -> Mapping[str, Entries]:
        """The entries of each stream after its position, at most ``count`` of each, waiting for
        one at most ``wait_ms``; streams without any are left out. Raises Unavailable.
        """
        return await read_streams(self._layout, positions, count, wait_ms)

    async def scan(self, match: bytes) -> AsyncIterator[bytes]:
        """Every key that matches; a key may come twice, and one that comes or goes meanwhile may
        be missing. Raises Unavailable.

        On a Cluster over all masters, and once more where a slot has changed hands meanwhile. A
        key of a slot that is being moved key by key at that very time may be missed.
        """
        before: object = self
        while before != (before := await self._layout.settled()):
            for node in self._layout.masters():
                async for key in _scanned(node, match):
                    yield key

    async def each(self, *command: Argument, terms: Terms = READ) -> list[Any]:
        """The answer of every server that owns keys. Raises Unavailable."""
        return [await _one(node, command, terms) for node in self._layout.masters()]


async def _scanned(node: Node, match: bytes) -> AsyncIterator[bytes]:
    cursor: int | None = None
    while cursor != 0:
        command = ("SCAN", cursor or 0, "MATCH", match, "COUNT", SCAN_COUNT)
        cursor, found = await _one(node, command, READ)
        for key in found:
            yield key


async def _one(node: Node, command: Command, terms: Terms) -> Any:
    (answer,) = await node.exchange([command], terms)
    if isinstance(answer, Exception):
        raise unavailable(answer) from answer
    return read(command, answer)

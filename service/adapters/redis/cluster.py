"""A Redis Cluster: which node owns which slots, kept true while they move and nodes die.

Each node has its own connections and breaker: a dead master makes its own slots unavailable and
no others. The map is looked up anew, from whichever node answers, when a node redirects, fails or
says that it is down, and again and again while any is away: so a promoted replica is found by
itself.

redis-py's connections are used, and not its Cluster client: that one sends ``ASKING`` and the
command on connections of its pool that need not be the same, closes every connection when one
slot is down, repeats writes, and cannot send ``WAIT`` behind a write.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import AskError, MovedError

from service.adapters.redis.addresses import Address, Place
from service.adapters.redis.durability import Durability
from service.adapters.redis.node import Node, Unwatched, Watch
from service.adapters.redis.scripts import Command
from service.adapters.redis.slots import SLOTS, slot_of
from service.adapters.redis.terms import Terms
from service.errors import Unavailable

LOOK: Final = Terms(1.0)
LOOK_AGAIN_SECONDS: Final = (0.1, 0.4)


class Cluster:
    """See ``layout.Layout``."""

    def __init__(self, address: Address, durability: Durability) -> None:
        self._address = address
        self._durability: Durability = durability
        self._watch: Watch = Unwatched()
        self._nodes: dict[Place, Node] = {}
        self._owners: list[Node | None] = [None] * SLOTS
        self._masters: tuple[Node, ...] = ()
        self._changes = 0
        self._doubted = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """See ``Layout``."""
        await self._look()
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking())

    async def close(self) -> None:
        """See ``Layout``."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        for node in self._nodes.values():
            await node.close()

    def watched_by(self, watch: Watch) -> None:
        """See ``Layout``."""
        self._watch = watch
        for node in self._nodes.values():
            node.watch = watch

    def node_for(self, command: Command) -> Node:
        """See ``Layout``. A command without a key goes to any node that is not away."""
        slot = slot_of(command)
        if slot is None:
            alive = [node for node in self._masters if node.breaker.state != "open"]
            if not alive:
                raise Unavailable("no node of the cluster answers")
            return random.choice(alive)
        owner = self._owners[slot]
        if owner is None:
            self.doubt()
            raise Unavailable("no node of the cluster holds this")
        return owner

    def node_named(self, refusal: AskError) -> Node:
        """See ``Layout``. A slot that has moved for good is remembered at once."""
        node = self._node(Place(refusal.host, refusal.port))
        if isinstance(refusal, MovedError):
            owners = self._owners.copy()
            owners[refusal.slot_id] = node
            self._own(owners)
            self.doubt()
        return node

    def masters(self) -> Sequence[Node]:
        """See ``Layout``."""
        return self._masters

    def together(self, slots: set[int]) -> bool:
        """Where it is one slot."""
        return len(slots) == 1

    async def settled(self) -> object:
        """How often a slot has changed hands, as far as the Cluster says now."""
        await self._look()
        return self._changes

    def doubt(self) -> None:
        """See ``Layout``."""
        self._doubted.set()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(*LOOK_AGAIN_SECONDS))
            if all(node.breaker.state == "closed" for node in self._nodes.values()):
                await self._doubted.wait()
            self._doubted.clear()
            try:
                await self._look()
            except Unavailable:
                self.doubt()

    async def _look(self) -> None:
        for node in self._known():
            try:
                (answer,) = await node.exchange([("CLUSTER", "SLOTS")], LOOK)
            except Unavailable:
                continue
            if isinstance(answer, list) and answer:
                await self._take(answer, node.place)
                return
        raise Unavailable("no node of the cluster answers")

    def _known(self) -> list[Node]:
        """The nodes to ask, those that answer first; the given ones last, and asked always."""
        known = list(self._nodes.values())
        random.shuffle(known)
        known.sort(key=lambda node: node.breaker.state != "closed")
        return known + [self._node(place) for place in self._address.places]

    async def _take(self, ranges: Sequence[Any], asked: Place) -> None:
        owners: list[Node | None] = [None] * SLOTS
        for first, last, (host, port, *_), *_ in ranges:
            place = Place(host.decode() if host else asked.host, port)
            owners[first : last + 1] = [self._node(place)] * (last + 1 - first)
        self._own(owners)
        others = [node for node in self._nodes.values() if node not in self._masters]
        for node in others:
            del self._nodes[node.place]
        for node in others:
            await node.close()

    def _own(self, owners: list[Node | None]) -> None:
        if owners != self._owners:
            self._owners = owners
            self._masters = tuple({owner for owner in owners if owner is not None})
            self._changes += 1

    def _node(self, place: Place) -> Node:
        if place not in self._nodes:
            node = Node(self._address, place, self._durability)
            node.watch = self._watch
            node.owns = lambda slot: self._owners[slot] is node
            self._nodes[place] = node
        return self._nodes[place]

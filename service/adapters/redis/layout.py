"""Where each command goes: one server for all, or the nodes of a Cluster."""

from collections.abc import Sequence
from typing import Protocol

from redis.exceptions import AskError

from service.adapters.redis.addresses import Address
from service.adapters.redis.durability import Durability
from service.adapters.redis.node import Node, Watch
from service.adapters.redis.scripts import Command
from service.errors import Unavailable


class Layout(Protocol):
    """The servers, and which of them a command goes to."""

    async def open(self) -> None:
        """Find the servers. Raises Unavailable."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...

    def watched_by(self, watch: Watch) -> None:
        """Have every server watched from now on."""
        ...

    def node_for(self, command: Command) -> Node:
        """The server that the command goes to. Raises Unavailable."""
        ...

    def node_named(self, refusal: AskError) -> Node:
        """The server that another one names in a redirection (MOVED or ASK)."""
        ...

    def masters(self) -> Sequence[Node]:
        """Every server that owns keys."""
        ...

    def together(self, slots: set[int]) -> bool:
        """Whether one command may name keys of all these slots."""
        ...

    async def settled(self) -> object:
        """A value that is another one whenever keys may have moved between servers."""
        ...

    def doubt(self) -> None:
        """Look soon which server owns what."""
        ...


class SingleServer:
    """One server, or a name that leads to the one that is primary now."""

    def __init__(self, address: Address, durability: Durability) -> None:
        self._node = Node(address, address.places[0], durability)

    async def open(self) -> None:
        """Nothing to find."""

    async def close(self) -> None:
        """See ``Layout``."""
        await self._node.close()

    def watched_by(self, watch: Watch) -> None:
        """See ``Layout``."""
        self._node.watch = watch

    def node_for(self, command: Command) -> Node:
        """See ``Layout``."""
        return self._node

    def node_named(self, refusal: AskError) -> Node:
        """No server that is alone names another. Raises Unavailable."""
        raise Unavailable(
            "the state store is a node of a Cluster: NEWSSTAND_REDIS_URL must begin with "
            "redis+cluster:// or rediss+cluster://"
        ) from refusal

    def masters(self) -> Sequence[Node]:
        """See ``Layout``."""
        return [self._node]

    def together(self, slots: set[int]) -> bool:
        """Always."""
        return True

    async def settled(self) -> object:
        """Nothing moves."""
        return None

    def doubt(self) -> None:
        """There is no other."""

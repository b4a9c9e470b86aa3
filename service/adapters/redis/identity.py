"""Whether the state store is the one that this newsstand worked with.

A store that came back empty (a lost disk, ``FLUSHALL``, a wrong address) looks like a new one. So
each store has an identity: one random id under ``ns:state:{rP}`` for each of the readers'
partitions, so that every master of a Cluster that holds readers can be asked; made at the first
start on a store without one, and never expiring. Each process compares it with what it remembers:

- on every connection that is newly opened, before anything else is sent there;
- about once a second, at every partition (``check``).

Where an id is missing or another, the state is lost: every write raises StateLost, and so does
readiness; reads go on and find what is there. If the known identity comes back (the right disk,
the right address), the state is no longer lost. Otherwise an operator looks (``newsstand state
show``) and confirms (``newsstand state confirm``): this makes a new identity where one is missing
anywhere, and says for an hour that the one that stands there is meant. Each process that finds it
so takes it for its own and calls ``on_accepted``.

What this cannot notice: a process that remembers nothing takes a store for what it finds; and
what was written between the loss and its discovery, at most a second later on a connection that
stayed open, lies in the new store.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from redis.exceptions import ResponseError

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.node import Ask
from service.adapters.redis.slots import slot_of_key
from service.adapters.redis.terms import KEPT
from service.errors import StateLost

ID_BYTES: Final = 16
CONFIRMED_SECONDS: Final = 3_600
PLACES: Final = tuple(keys.state(partition) for partition in range(keys.READER_PARTITIONS))
_SLOTS: Final = tuple((place, slot_of_key(place)) for place in PLACES)
_log = logging.getLogger(__name__)

Held = Sequence[str | None]
"""The id at each place."""


class Identity:
    """Watches a connection (``node.Watch``). ``current`` is the id to remember for the next start,
    None until one is known; ``lost`` says what is wrong, None if nothing is.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        remembered: str | None = None,
        on_accepted: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """``remembered`` is the id that this process worked with last time. ``on_accepted`` is
        called by ``check`` with an id that an operator confirmed in place of the one known, when
        writes are allowed again; if it raises Unavailable, it is called again by the next.
        """
        self.current = remembered
        self.lost: str | None = None
        self._connection = connection
        self._on_accepted = on_accepted
        self._to_accept: str | None = None
        connection.watched_by(self)

    async def establish(self) -> None:
        """At the start, before anything else is written: know the store, or make its identity if
        it has none and none is remembered. Afterwards the state may be lost. Raises Unavailable.
        """
        held = await held_ids(self._connection)
        if self.current is None and await _is_new(self._connection, held):
            await _make(self._connection)
        await self.check()

    async def check(self) -> None:
        """Compare, and accept what an operator has confirmed. Raises Unavailable."""
        held = await held_ids(self._connection)
        found = the_one(held)
        if found is not None and found != self.current:
            confirmed = await self._connection.send("GET", keys.STATE_CONFIRMED)
            if self.current is None:
                self.current = found
            elif confirmed == found.encode():
                _log.warning("the state store is another, confirmed by an operator")
                self.current = self._to_accept = found
        self._judge(found == self.current and found is not None, _described(held, self.current))
        await self._accept()

    async def greet(self, ask: Ask, owns: Callable[[int], bool]) -> None:
        """See ``node.Watch``. A place that is on another node by now says nothing."""
        place = next((place for place, slot in _SLOTS if owns(slot)), None)
        if place is None or self.current is None:
            return
        (answer,) = await ask([("GET", place)])
        if not isinstance(answer, ResponseError) and answer != self.current.encode():
            found = None if answer is None else answer.decode()
            self._judge(False, _described([found], self.current))

    def allow_write(self) -> None:
        """See ``node.Watch``."""
        if self.lost is not None:
            raise StateLost(
                f"{self.lost}; nothing is written until it is back, or an operator has run "
                "`newsstand state confirm`, which gives up what is not there"
            )

    def _judge(self, known: bool, described: str) -> None:
        if known and self.lost is not None:
            _log.warning("the state store is the one that is known: writes are taken again")
        elif not known and self.lost is None:
            _log.error("%s: writes are refused; see `newsstand state show`", described)
        self.lost = None if known else described

    async def _accept(self) -> None:
        if self._to_accept is not None and self.lost is None:
            if self._on_accepted is not None:
                await self._on_accepted(self._to_accept)
            self._to_accept = None


async def confirm(connection: Connection) -> str:
    """Let every process go on with the store as it is, within the next hour; its id: a new one
    where any was missing, so that each process notices. Raises Unavailable.
    """
    found = the_one(await held_ids(connection))
    if found is None:
        found = secrets.token_hex(ID_BYTES)
        await connection.send_all((("SET", place, found) for place in PLACES), terms=KEPT)
    await connection.send("SET", keys.STATE_CONFIRMED, found, "EX", CONFIRMED_SECONDS, terms=KEPT)
    return found


async def held_ids(connection: Connection) -> Held:
    """The id at each place. Raises Unavailable."""
    answers = await connection.send_all(("GET", place) for place in PLACES)
    return [None if answer is None else answer.decode() for answer in answers]


def the_one(held: Held) -> str | None:
    """The id that stands at every place, None if there is none."""
    return held[0] if len(set(held)) == 1 else None


async def _make(connection: Connection) -> None:
    """Whoever is first chooses the id; who comes meanwhile, or after a crash, completes it."""
    await connection.send("SET", PLACES[0], secrets.token_hex(ID_BYTES), "NX", terms=KEPT)
    chosen = await connection.send("GET", PLACES[0])
    await connection.send_all((("SET", place, chosen, "NX") for place in PLACES), terms=KEPT)


async def _is_new(connection: Connection, held: Held) -> bool:
    """Whether the store never had an identity. One that has it in part is half made if it holds
    nothing else, and else it is half lost.
    """
    if set(held) == {None}:
        return True
    if None not in held:
        return False
    async for key in connection.scan(keys.EVERY):
        if not key.startswith(b"ns:state"):
            return False
    return True


def _described(held: Held, expected: str | None) -> str:
    if set(held) == {None}:
        return "the state store is empty"
    if None in held:
        return "a part of the state store is empty"
    return "the state store is not the one that this newsstand worked with"

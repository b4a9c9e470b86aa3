"""One server: its connections, its breaker, and the watch over whose data it holds."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, get_args

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from service.adapters.redis.addresses import Address, Place
from service.adapters.redis.breaker import Breaker, State
from service.adapters.redis.budget import budget
from service.adapters.redis.durability import Durability, asked, confirmed
from service.adapters.redis.lane import Lane, converse
from service.adapters.redis.refusals import unavailable
from service.adapters.redis.scripts import Command
from service.adapters.redis.terms import PROMPT, Terms
from service.adapters.redis.terms import Lane as LaneName
from service.errors import Unavailable
from service.tracing.timeline import part

Ask = Callable[[Sequence[Command]], Awaitable[list[Any]]]
PROBE_SECONDS: Final = 1.0
_PING: Final[Sequence[Command]] = (("PING",),)
_log = logging.getLogger(__name__)


class Watch(Protocol):
    """Who looks whether a server holds this newsstand's data (``identity.Identity``)."""

    async def greet(self, ask: Ask, owns: Callable[[int], bool]) -> None:
        """Look through a connection that was just opened, before anything else is sent there.
        ``owns`` says which slots the server answers for.
        """
        ...

    def allow_write(self) -> None:
        """Raise StateLost if nothing may be written now."""
        ...


class Unwatched:
    """Every server will do."""

    async def greet(self, ask: Ask, owns: Callable[[int], bool]) -> None:
        """Nothing."""

    def allow_write(self) -> None:
        """Nothing."""


class Node:
    """Sends each command at most once, within its terms."""

    def __init__(self, address: Address, place: Place, durability: Durability) -> None:
        self.place = place
        self.watch: Watch = Unwatched()
        self.owns: Callable[[int], bool] = lambda slot: True
        self.breaker = Breaker(str(place), self._probed)
        self._durability: Durability = durability
        self._lanes = {
            name: Lane(lambda: address.connection(place), self._greet)
            for name in get_args(LaneName)
        }

    async def exchange(self, commands: Sequence[Command], terms: Terms) -> list[Any]:
        """The answers in order, refusals (ResponseError) among them. Raises Unavailable."""
        self.breaker.admit(terms)
        with part("redis", commands=len(commands)):
            answers = await self._exchange(asked(commands, terms, self._durability), terms)
        self.breaker.succeeded(terms)
        return confirmed(answers, len(commands))

    async def close(self) -> None:
        """Close every connection; one in use as soon as it no longer is."""
        await self.breaker.close()
        for lane in self._lanes.values():
            await lane.close()

    async def _exchange(self, commands: Sequence[Command], terms: Terms) -> list[Any]:
        lane, has_turn = self._lanes[terms.lane], False
        try:
            async with budget(terms.seconds), lane.turn():
                has_turn = True
                async with lane.connection() as connection:
                    if terms.writes:
                        self.watch.allow_write()
                    answers = await converse(connection, commands)
                    await self._leave_if_demoted(connection, answers)
                    return answers
        except TimeoutError as error:
            if has_turn:
                self.breaker.failed(terms, late=True)
            raise unavailable(error) from error
        except (RedisError, OSError) as error:
            if not isinstance(error, ResponseError):
                self.breaker.failed(terms, late=False)
            raise unavailable(error) from error

    async def _leave_if_demoted(self, connection: AbstractConnection, answers: list[Any]) -> None:
        """A server that became a replica is left: its name may lead to another by now."""
        if any(isinstance(answer, ReadOnlyError) for answer in answers):
            await connection.disconnect(nowait=True)
            for lane in self._lanes.values():
                await lane.close_idle()

    async def _greet(self, connection: AbstractConnection) -> None:
        await self.watch.greet(lambda commands: converse(connection, commands), self.owns)

    async def _probed(self) -> State:
        if await self._answers(PROMPT):
            return "closed"
        return "slow" if await self._answers(Terms(PROBE_SECONDS)) else "open"

    async def _answers(self, terms: Terms) -> bool:
        try:
            answers = await self._exchange(_PING, terms)
        except Unavailable:
            return False
        return not isinstance(answers[0], ResponseError)

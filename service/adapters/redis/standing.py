"""How the state store stands, for metrics: what its servers say, and what the breakers know."""

from collections import Counter
from typing import Any

from service.adapters.redis.connection import Connection
from service.adapters.redis.identity import Identity
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.unwritten import Unwritten
from service.domain.standing import ServerFigures, StateFigures


class Standing:
    """Gives the figures at any time, without asking; ``ask`` has the servers tell theirs anew."""

    def __init__(
        self,
        connection: Connection,
        identity: Identity,
        popularity: RedisPopularity,
        unwritten: Unwritten,
    ) -> None:
        self._connection, self._identity = connection, identity
        self._popularity, self._unwritten = popularity, unwritten
        self._about = ServerFigures()

    def __call__(self) -> StateFigures:
        """As it is known now; of servers that do not answer, what they said last."""
        breakers = self._connection.breakers().values()
        return StateFigures(
            servers=Counter(breaker.state for breaker in breakers),
            openings=sum(breaker.openings for breaker in breakers),
            lost=self._identity.lost is not None,
            unwritten_lists=self._unwritten.waiting,
            counters=self._popularity.lag,
            about=self._about,
        )

    async def ask(self) -> None:
        """Raises Unavailable."""
        self._about = _summed(await self._connection.each("INFO"))


def _summed(servers: list[dict[str, Any]]) -> ServerFigures:
    return ServerFigures(
        memory_bytes=sum(about["used_memory"] for about in servers),
        memory_limit_bytes=sum(about.get("maxmemory", 0) for about in servers),
        replicas=min((about.get("connected_slaves", 0) for about in servers), default=0),
    )

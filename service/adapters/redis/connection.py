"""The connection to Redis or Valkey, its scripts, and its errors."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from service.errors import SetupError, Unavailable

Script = Literal[
    "put_article",
    "keep_vector",
    "withdraw_article",
    "record_events",
    "read_reader",
    "remember_vector",
    "remember_served",
    "erase_reader",
    "count_events",
]
SCRIPTS: Final[tuple[Script, ...]] = (
    "put_article",
    "keep_vector",
    "withdraw_article",
    "record_events",
    "read_reader",
    "remember_vector",
    "remember_served",
    "erase_reader",
    "count_events",
)
Call = tuple[Script, Sequence[str], Sequence[str | bytes | int]]
"""A script, its keys, its arguments."""
Command = Sequence[str | bytes | int]
SCHEMES: Final = ("redis", "rediss", "unix")
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0


class Connection:
    """A pool of connections. A command is sent once: what failed is the caller's to repeat."""

    def __init__(self, url: str) -> None:
        """Raises SetupError for an address that cannot be one. Nothing is sent yet."""
        if urlsplit(url).scheme not in SCHEMES:
            raise SetupError(
                f"NEWSSTAND_REDIS_URL must begin with {', '.join(f'{s}://' for s in SCHEMES)}"
            )
        try:
            self.client: redis.Redis = redis.Redis.from_url(
                url,
                protocol=2,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
            )
        except ValueError as error:
            raise SetupError(f"NEWSSTAND_REDIS_URL is not an address: {error}") from error
        self._digests: dict[Script, str] = {}

    async def open(self) -> None:
        """Say hello and load the scripts. Raises Unavailable."""
        with answering():
            for name in SCRIPTS:
                source = resources.files(__package__).joinpath(f"{name}.lua").read_text("utf-8")
                self._digests[name] = await self.client.script_load(source)

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()

    async def send(self, *command: str | bytes | int) -> Any:
        """Send one command. Raises Unavailable."""
        with answering():
            return await self.client.execute_command(*command)  # type: ignore[no-untyped-call]

    async def send_all(self, commands: Iterable[Command]) -> list[Any]:
        """Send many commands in one round trip, not as a transaction; the results in order.
        Raises Unavailable.
        """
        pipeline = self.client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        with answering():
            return list(await pipeline.execute())

    async def call(self, script: Script, keys: Sequence[str], *arguments: str | bytes | int) -> Any:
        """Run one script. Raises Unavailable."""
        with answering():
            try:
                return await self.client.evalsha(
                    self._digests[script], len(keys), *keys, *arguments
                )
            except NoScriptError:
                await self.open()
                return await self.client.evalsha(
                    self._digests[script], len(keys), *keys, *arguments
                )

    async def call_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run many scripts in one round trip; the results in order. Raises Unavailable."""
        with answering():
            try:
                return await self._send(calls)
            except NoScriptError:
                # The first call failed, and so did all others: a script cache is lost whole.
                await self.open()
                return await self._send(calls)

    async def _send(self, calls: Sequence[Call]) -> list[Any]:
        pipeline = self.client.pipeline(transaction=False)
        for script, keys, arguments in calls:
            pipeline.evalsha(self._digests[script], len(keys), *keys, *arguments)
        return list(await pipeline.execute())


@contextmanager
def answering() -> Iterator[None]:
    """Turn a Redis that does not answer, or refuses, into Unavailable."""
    try:
        yield
    except NoScriptError:
        raise
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(f"the state store does not answer: {type(error).__name__}") from error

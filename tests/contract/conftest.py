"""Real Valkey for the contracts: one server for the session, one key space for each test."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection

Run = Callable[[Callable[[Connection], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.fixture
def with_store(valkey: EmbeddedValkey) -> Run:
    """Runs a coroutine function with a connection to an empty store."""

    def run(story: Callable[[Connection], Coroutine[Any, Any, Any]]) -> Any:
        async def told() -> Any:
            connection = Connection(valkey.url)
            try:
                await connection.open()
                await connection.send("FLUSHALL")
                return await story(connection)
            finally:
                await connection.close()

        return asyncio.run(told())

    return run

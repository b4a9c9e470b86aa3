"""Real Valkey for the contracts: one server and one Cluster for the session, each empty for each
test. Every contract that asks for ``with_store`` is held on both.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from tests.redis_servers import Cluster, cluster

Run = Callable[[Callable[[Connection], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.fixture(scope="session")
def valkey_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(params=["valkey", "valkey_cluster"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of the store that ``with_store`` connects to."""
    store: EmbeddedValkey | Cluster = request.getfixturevalue(request.param)
    return store.url


@pytest.fixture
def with_store(store_url: str) -> Run:
    """Runs a coroutine function with a connection to an empty store."""

    def run(story: Callable[[Connection], Coroutine[Any, Any, Any]]) -> Any:
        async def told() -> Any:
            connection = Connection(store_url)
            try:
                await connection.open()
                await connection.each("FLUSHALL")
                return await story(connection)
            finally:
                await connection.close()

        return asyncio.run(told())

    return run

"""What clients of a service see while its state store is killed, hung, slow or full."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.adapters.redis import keys
from service.domain.fields import UserId
from tests.forwarder import Forwarder
from tests.integration.asking import click, eventually, put, recommend
from tests.integration.service_process import ServiceProcess
from tests.redis_servers import Server, cluster

MORE_SECONDS = 0.050
"""How much longer than normal an answer may take without the state store."""
READERS = 30


@contextmanager
def served(folder: Path, url: str) -> Iterator[httpx.Client]:
    """A service on a state store, with some articles, and readers who clicked."""
    arguments = ["--redis-url", url, "--data-dir", str(folder / "data")]
    with ServiceProcess(*arguments) as running:
        for number in range(5):
            put(running.client, f"a{number}", f"Harbour story {number}")
        for reader in range(READERS):
            click(running.client, f"u{reader}", "a0")
        normal(running.client)  # once to warm up
        yield running.client


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[tuple[httpx.Client, Server, Forwarder]]:
    """A service, its state store, and the way between them."""
    with (
        Server(tmp_path / "server", "--appendonly", "yes") as server,
        Forwarder(server) as way,
        served(tmp_path, way.url) as client,
    ):
        yield client, server, way


def asked(client: httpx.Client, number: int) -> tuple[float, dict[str, Any]]:
    """How long a recommendation took, and what it was."""
    started = time.perf_counter()
    answer = recommend(client, user_id=f"u{number % READERS}")
    return time.perf_counter() - started, answer


def normal(client: httpx.Client) -> float:
    """How long a recommendation takes at most while all is well."""
    return max(asked(client, number)[0] for number in range(50))


def without_state(client: httpx.Client, usual: float) -> None:
    """Every recommendation is an answer, and in time, from the first on; the machine may stumble
    over one in ten.
    """
    took, degraded = [], []
    for number in range(60):
        seconds, answer = asked(client, number)
        took.append(seconds)
        degraded.append(answer["degraded"])
        assert answer["items"]
    assert all("state_unavailable" in reasons for reasons in degraded)
    assert sorted(took)[math.ceil(0.9 * len(took)) - 1] < usual + MORE_SECONDS


def writes_are_refused(client: httpx.Client) -> list[str]:
    """What the refusals say; each with a time to come back."""
    event = {"user_id": "u0", "article_id": "a1", "type": "click"}
    answers = [
        client.put("/v1/articles/new", json={"title": "x"}),
        client.delete("/v1/articles/a1"),
        client.post("/v1/events", json=[event]),
    ]
    assert {answer.status_code for answer in answers} == {503}
    assert all(1 <= int(answer.headers["retry-after"]) <= 3 for answer in answers)
    return [answer.json()["detail"] for answer in answers]


def well_again(client: httpx.Client) -> None:
    eventually(lambda: recommend(client, user_id="u1")["degraded"] == [])
    put(client, "again", "Another harbour story")
    click(client, "u1", "a2")
    clicked = {"a0", "a2"}
    answer = recommend(client, user_id="u1")
    assert not clicked & {item["article_id"] for item in answer["items"]}


Stage = tuple[httpx.Client, Server, Forwarder]


def test_a_killed_state_store(stage: Stage) -> None:
    client, server, _ = stage
    usual = normal(client)
    server.kill()
    without_state(client, usual)
    writes_are_refused(client)
    assert client.get("/health/ready").status_code == 503
    server.start()
    well_again(client)


def test_a_state_store_that_hangs(stage: Stage) -> None:
    client, server, _ = stage
    usual = normal(client)
    with server.hung():
        without_state(client, usual)
        writes_are_refused(client)
    well_again(client)


def test_a_state_store_that_is_slow(stage: Stage) -> None:
    client, _, way = stage
    usual = normal(client)
    way.answers_after = 0.2
    without_state(client, usual)
    put(client, "slow", "A slow story")
    way.answers_after = 0.0
    well_again(client)


def test_a_full_state_store(stage: Stage) -> None:
    client, server, _ = stage
    server.ask("CONFIG", "SET", "maxmemory", 1_000_000)
    for detail in writes_are_refused(client):
        assert "full" in detail
    for number in range(20):
        assert asked(client, number)[1]["degraded"] == []
    server.ask("CONFIG", "SET", "maxmemory", 0)
    well_again(client)


def test_a_crowd_of_readers_while_the_store_hangs_and_comes_back(
    stage: Stage, crowd: Callable[[httpx.Client, float], list[int]]
) -> None:
    client, server, _ = stage
    with server.hung():
        assert set(crowd(client, 2.0)) == {200}
    assert set(crowd(client, 1.0)) == {200}
    well_again(client)


def test_everything_runs_on_a_cluster(tmp_path: Path) -> None:
    with (
        cluster(tmp_path / "nodes") as running,
        served(tmp_path, running.url) as client,
    ):
        well_again(client)
        eventually(lambda: trending(client)[:1] == ["a0"])
        assert client.get("/v1/users/u1").status_code == 200
        assert client.delete("/v1/users/u1").status_code == 204
        left = [key for server in running.masters for key in server.ask("KEYS", "*:u1")]
        assert left == []
        assert client.delete("/v1/articles/a0").status_code == 204
        assert "a0" not in trending(client)
        dead = running.owner(keys.history(UserId("u2")))
        there = next(n for n in range(READERS) if running.owner(history(n)) is not dead)
        dead.kill()
        eventually(lambda: recommend(client, user_id="u2")["degraded"] == ["state_unavailable"])
        assert recommend(client, user_id=f"u{there}")["degraded"] == []


def history(reader: int) -> str:
    return keys.history(UserId(f"u{reader}"))


def trending(client: httpx.Client) -> list[str]:
    return [item["article_id"] for item in client.get("/v1/trending").json()["items"]]


@pytest.fixture
def crowd() -> Callable[[httpx.Client, float], list[int]]:
    """Many readers at once, for so many seconds; the statuses of the answers."""
    from concurrent.futures import ThreadPoolExecutor

    def one(client: httpx.Client, number: int, until: float) -> list[int]:
        statuses = []
        while time.perf_counter() < until:
            request = {"user_id": f"u{number % READERS}"}
            statuses.append(client.post("/v1/recommend", json=request).status_code)
        return statuses

    def run(client: httpx.Client, seconds: float) -> list[int]:
        until = time.perf_counter() + seconds
        with ThreadPoolExecutor(20) as pool:
            answers = pool.map(lambda number: one(client, number, until), range(20))
            return [status for statuses in answers for status in statuses]

    return run

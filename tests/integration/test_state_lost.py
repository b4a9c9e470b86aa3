"""A state store that comes back empty: noticed, not written to, and made good when confirmed."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from service.adapters.embedded_valkey import EmbeddedValkey
from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess

Start = Callable[[str], ServiceProcess]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "store") as running:
        yield running


@pytest.fixture
def start(valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Start]:
    """Starts a replica with a data folder of its own."""
    running: list[ServiceProcess] = []

    def started(name: str) -> ServiceProcess:
        arguments = ["--redis-url", valkey.url, "--data-dir", str(tmp_path / name)]
        service = ServiceProcess(*arguments).__enter__()
        running.append(service)
        return service

    yield started
    for service in running:
        if service.running:
            service.stop(signal.SIGTERM)


def emptied(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()


def confirmed(valkey: EmbeddedValkey) -> None:
    command = [sys.executable, "-m", "service.cli", "state", "confirm", "--redis-url", valkey.url]
    subprocess.run(command, check=True, capture_output=True)


def refused(service: ServiceProcess) -> bool:
    answer = service.client.put("/v1/articles/z", json={"title": "Anything"})
    return answer.status_code == 503 and answer.json()["type"] == "urn:newsstand:state-lost"


def test_an_emptied_store_is_not_written_to_until_an_operator_confirms(
    valkey: EmbeddedValkey, start: Start
) -> None:
    one, other = start("one"), start("other")
    for name in "abc":
        put(one.client, name, f"Harbour story {name}", body="A body that only documents hold.")
    one.client.delete("/v1/articles/c")
    click(one.client, "u", "a")
    eventually(lambda: set(ids(recommend(other.client))) == {"a", "b"})
    before = one.client.get("/v1/articles/a").json()
    emptied(valkey)
    for service in (one, other):
        eventually(lambda service=service: service.client.get("/health/ready").status_code == 503)
        assert refused(service)
        answer = recommend(service.client, user_id="u")
        assert answer["degraded"] == ["state_lost"]
        assert set(ids(answer)) == {"a", "b"}
    confirmed(valkey)
    for service in (one, other):
        eventually(lambda service=service: service.client.get("/health/ready").status_code == 200)
        assert set(ids(recommend(service.client))) == {"a", "b"}
        assert one.client.get("/v1/articles/a").json() == before
        assert recommend(service.client, user_id="u")["degraded"] == ["unknown_reader"]
    put(one.client, "d", "What comes afterwards")
    eventually(lambda: set(ids(recommend(other.client))) == {"a", "b", "d"})
    fresh = start("fresh")
    assert set(ids(recommend(fresh.client))) == {"a", "b", "d"}


def test_a_loss_that_is_confirmed_while_a_replica_was_down_is_made_good_at_its_start(
    valkey: EmbeddedValkey, start: Start
) -> None:
    only = start("only")
    for name in "ab":
        put(only.client, name, f"Harbour story {name}")
    only.stop(signal.SIGTERM)
    again = start("only")  # its start sealed nothing yet, its end did not either
    assert set(ids(recommend(again.client))) == {"a", "b"}
    again.stop(signal.SIGTERM)
    emptied(valkey)
    lost = start("only")
    eventually(lambda: refused(lost))
    confirmed(valkey)
    eventually(lambda: lost.client.get("/health/ready").status_code == 200)
    kept = set(ids(recommend(lost.client)))
    assert kept == {"a", "b"}
    assert lost.client.get("/v1/articles/a").status_code == 200


def test_a_service_starts_to_read_while_its_store_is_away(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "store")
    arguments = ["--redis-url", valkey.url, "--data-dir", str(tmp_path / "one")]
    with valkey, ServiceProcess(*arguments) as service:
        put(service.client, "a", "Harbour story")
        put(service.client, "gone", "A story that is withdrawn last of all")
        click(service.client, "u", "a")
        service.client.delete("/v1/articles/gone")
    with ServiceProcess(*arguments) as service:
        answer = recommend(service.client, user_id="u")
        assert answer["degraded"] == ["state_unavailable"]
        assert ids(answer) == ["a"]
        assert service.client.put("/v1/articles/b", json={"title": "x"}).status_code == 503
        assert service.client.get("/health/ready").status_code == 503
        with valkey:
            eventually(lambda: service.client.get("/health/ready").status_code == 200)
            eventually(lambda: recommend(service.client, user_id="u")["degraded"] == [])
            put(service.client, "b", "Another story")
            assert ids(recommend(service.client, user_id="u")) == ["b"]
            service.stop(signal.SIGTERM)

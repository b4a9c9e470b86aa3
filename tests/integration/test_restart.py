"""Nothing acknowledged is lost when a process dies, and replicas agree within a second."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.adapters.embedded_valkey import EmbeddedValkey
from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_articles_and_clicks_survive_the_end_of_the_service(
    tmp_path: Path, how: signal.Signals
) -> None:
    arguments = ["--data-dir", str(tmp_path / "data")]
    with ServiceProcess(*arguments) as first:
        for name in "abc":
            put(first.client, name, f"Harbour story {name}")
        first.client.delete("/v1/articles/c")
        click(first.client, "u", "a")
        before = recommend(first.client, user_id="u", scenario="model")
        status = first.stop(how)
        assert (status == 0) == (how != signal.SIGKILL)
    with ServiceProcess(*arguments) as second:
        after = recommend(second.client, user_id="u", scenario="model")
        assert ids(after) == ids(before) == ["b"]
        assert after["items"][0]["relevance"] == before["items"][0]["relevance"]


def test_a_second_signal_does_not_cut_the_orderly_end_short(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data")]
    with ServiceProcess(*arguments) as running:
        put(running.client, "a", "Harbour story")
        with ThreadPoolExecutor() as pool:
            ended = pool.submit(running.stop, signal.SIGTERM)
            while not ended.done():
                with suppress(ProcessLookupError):
                    os.kill(running.pid, signal.SIGTERM)
                time.sleep(0.005)
            assert ended.result() == 0


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Two services on one state store."""
    with EmbeddedValkey(tmp_path / "shared") as valkey:
        arguments = ["--redis-url", valkey.url]
        with ServiceProcess(*arguments) as one, ServiceProcess(*arguments) as other:
            yield one.client, other.client


def test_replicas_share_articles_withdrawals_and_clicks(
    replicas: tuple[httpx.Client, httpx.Client],
) -> None:
    one, other = replicas
    put(one, "a", "Harbour story")
    put(one, "b", "Another harbour story")
    eventually(lambda: set(ids(recommend(other))) == {"a", "b"})
    click(one, "u", "a")
    assert ids(recommend(other, user_id="u")) == ["b"]
    put(one, "b", "A story about bread", language="en")
    eventually(
        lambda: ids(recommend(other, filters={"languages": ["en"]})) == ["b"],
    )
    other.delete("/v1/articles/b")
    eventually(lambda: ids(recommend(one)) == ["a"])


def test_a_click_through_another_replica_is_known_before_the_article_is(
    replicas: tuple[httpx.Client, httpx.Client],
) -> None:
    one, other = replicas
    for number in range(20):
        put(one, f"a{number}", f"Harbour story {number}")
        click(other, "u", f"a{number}")
        answer = recommend(other, user_id="u")
        assert f"a{number}" not in ids(answer)
        assert answer["degraded"] == []


def test_without_its_state_store_the_service_reads_on_and_refuses_writes(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "shared")
    with valkey:
        arguments = ["--redis-url", valkey.url]
        running = ServiceProcess(*arguments).__enter__()
        put(running.client, "a", "Harbour story")
        put(running.client, "b", "Another harbour story")
        click(running.client, "u", "a")
    answer = recommend(running.client, user_id="u", scenario="model")
    assert answer["degraded"] == ["state_unavailable"]
    assert set(ids(answer)) == {"a", "b"}
    session = recommend(running.client, user_id="u", session_article_ids=["a"], scenario="model")
    assert ids(session) == ["b"]
    assert session["items"][0]["source"] == "session"
    refused = [
        running.client.put("/v1/articles/c", json={"title": "x"}),
        running.client.delete("/v1/articles/a"),
        running.client.delete("/v1/users/u"),
        running.client.get("/health/ready"),
        running.client.post(
            "/v1/events", json=[{"user_id": "u", "article_id": "b", "type": "click"}]
        ),
    ]
    for response in refused:
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
    assert running.client.get("/health/live").status_code == 200
    with valkey:
        eventually(lambda: recommend(running.client, user_id="u")["degraded"] == [])
        assert ids(recommend(running.client, user_id="u")) == ["b"]
        running.stop(signal.SIGTERM)

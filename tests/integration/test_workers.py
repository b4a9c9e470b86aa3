"""Several workers in one service: one index, one Valkey, and no request that one death loses."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.faults.service import children
from service.adapters.embedded_valkey import EmbeddedValkey
from tests.expositions import exposed, table
from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess

WORKERS = 3
ENCODERS = 1


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    arguments = ["--data-dir", str(tmp_path / "data"), "--workers", str(WORKERS)]
    with ServiceProcess(*arguments) as running:
        yield running


def workers_of(service: ServiceProcess) -> set[int]:
    def command(pid: int) -> bytes:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""

    return {pid for pid in children(service.pid) if b"spawn_main" in command(pid)}


def fresh_client(service: ServiceProcess) -> httpx.Client:
    """A connection of its own: whichever worker takes it."""
    return httpx.Client(base_url=service.client.base_url, timeout=60)


def test_every_worker_recommends_what_any_took_in(service: ServiceProcess) -> None:
    assert len(workers_of(service)) == WORKERS + ENCODERS
    for number in range(6):
        with fresh_client(service) as client:
            put(client, f"a{number}", f"Harbour story {number}")
    with fresh_client(service) as client:
        click(client, "u", "a0")
    for _ in range(4 * WORKERS):
        with fresh_client(service) as client:
            eventually(
                lambda client=client: (
                    set(ids(recommend(client, user_id="u", limit=20)))
                    == {f"a{n}" for n in range(1, 6)}
                )
            )
    service.client.delete("/v1/articles/a5")
    for _ in range(4 * WORKERS):
        with fresh_client(service) as client:
            eventually(lambda client=client: "a5" not in ids(recommend(client, limit=20)))


def test_a_worker_that_dies_is_replaced_and_nothing_acknowledged_is_lost(
    service: ServiceProcess,
) -> None:
    put(service.client, "a", "Harbour story")
    put(service.client, "b", "Another harbour story")
    before = workers_of(service)
    for victim in sorted(before)[:2]:
        os.kill(victim, signal.SIGKILL)
    eventually(
        lambda: len(workers_of(service)) == WORKERS + ENCODERS and not before <= workers_of(service)
    )
    for _ in range(4 * WORKERS):
        with fresh_client(service) as client:
            eventually(lambda client=client: set(ids(recommend(client))) == {"a", "b"})


def test_metrics_are_those_of_all_workers(service: ServiceProcess) -> None:
    for number in range(12):
        with fresh_client(service) as client:
            put(client, f"a{number}", "Harbour story")

    def counted() -> bool:
        with fresh_client(service) as client:
            text = client.get("/metrics").text
        return all(
            f"newsstand_{line}\n" in text
            for line in (
                'articles_ingested_total{status="created"} 12.0',
                "encoder_texts_total 12.0",
                "catalogue_articles 12.0",
                f'processes{{process="worker"}} {WORKERS}.0',
                f'processes{{process="encoder"}} {ENCODERS}.0',
                f'state_servers{{breaker="closed"}} {WORKERS}.0',
                "article_log_lag_entries 0.0",
            )
        )

    eventually(counted)
    with fresh_client(service) as client:
        text = client.get("/metrics").text
    assert {name for name, _, _ in exposed(text)} <= table().keys()
    assert 'pid="' not in text


def test_a_signal_ends_all_of_it_in_order(service: ServiceProcess) -> None:
    put(service.client, "a", "Harbour story")
    workers = workers_of(service)
    assert service.stop(signal.SIGTERM) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_workers_do_not_outlive_their_supervisor(service: ServiceProcess, tmp_path: Path) -> None:
    workers = workers_of(service)
    os.kill(service.pid, signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    with EmbeddedValkey(tmp_path / "data"):
        pass  # ends the one that was left alone, as the next start would


def test_a_service_whose_workers_cannot_start_says_why(tmp_path: Path) -> None:
    from tests.integration.service_process import refused

    said = refused("--workers", "2", "--model", "nobody", "--data-dir", str(tmp_path / "data"))
    assert "nobody" in said
    assert "Traceback" not in said

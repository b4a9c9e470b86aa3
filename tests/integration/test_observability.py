"""What a running service says of itself: metrics, traces and logs, and nothing of its readers."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from bench.faults.service import children
from tests.expositions import Described, exposed, table
from tests.integration.asking import eventually
from tests.integration.otlp_receiver import Receiver, Span
from tests.integration.service_process import ServiceProcess, refused
from tests.shipped import REFERENCE
from tests.unit.bare_install import run_without

READER, TEXT, BODY = "reader-zebra", "Quokkas win the regatta", "marmalade-in-the-body"
POLICIES = """
[scenarios.newest]
extends = "default"
freshness = { weight = 1.0 }
[experiments.fresher.variants.control]
share = 0.5
scenario = "default"
[experiments.fresher.variants.treatment]
share = 0.5
scenario = "newest"
"""
DOCKER = Path(__file__).parents[2] / "docker"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ADDED_BY_PROMETHEUS = {"instance", "job"}


@dataclass(frozen=True)
class Watched:
    """A service after some traffic, and all that it said."""

    metrics: str
    """Before the state store went away."""
    metrics_without_store: str
    spans: list[Span]
    resources: list[dict[str, str | int]]
    log: str
    key: str


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Reads, writes, refusals and a store that hangs, at a service with keys and traces."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "policies.toml").write_text(POLICIES, "utf-8")
    key = made_key(folder / "keys.json")
    with Receiver() as receiver:
        arguments = ["--data-dir", str(folder / "data"), "--log-format", "json"]
        arguments += ["--policies-file", str(folder / "policies.toml")]
        arguments += ["--api-keys-file", str(folder / "keys.json")]
        arguments += ["--otlp-endpoint", receiver.url]
        env = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
        with ServiceProcess(*arguments, env=env) as service:
            stranger = httpx.Client(base_url=service.client.base_url)
            service.client.headers["Authorization"] = f"Bearer {key}"
            with stranger:
                use(service.client, stranger, key)
            metrics = once_counted(service.client)
            without = without_store(service)
            eventually(lambda: bool(server_span(receiver.of(TRACE))))
            service.stop(signal.SIGTERM)
        return Watched(metrics, without, receiver.spans, receiver.resources, service.said, key)


def made_key(file: Path) -> str:
    command = [sys.executable, "-m", "service.cli", "keys", "create", "test", "--scope", "read"]
    command += ["--scope", "write", "--scope", "admin", "--api-keys-file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def use(client: httpx.Client, stranger: httpx.Client, key: str) -> None:
    """All kinds of requests."""
    for number in range(3):
        article = {"title": f"{TEXT} {number}", "body": BODY}
        assert client.put(f"/v1/articles/{READER}-a{number}", json=article).status_code == 201
    assert client.post("/v1/articles", json=[{"article_id": "b", "title": TEXT}]).is_success
    named = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "asked-by-the-test"}
    click = {"user_id": READER, "article_id": f"{READER}-a0", "type": "click"}
    assert client.post("/v1/events", json=[click]).json()["accepted"] == 1
    for _ in range(2):
        answer = client.post("/v1/recommend", json={"user_id": READER}, headers=named)
        seen = {"user_id": READER, "type": "impression", "article_id": f"{READER}-a1"}
        seen["recommendation_id"] = answer.json()["recommendation_id"]
        client.post("/v1/events", json=[seen])
    client.post("/v1/recommend", json={"user_id": f"{READER}-unknown"})
    client.post("/v1/rank", json={"user_id": READER, "candidate_article_ids": ["b"]})
    json_type = {"Content-Type": "application/json"}
    client.post("/v1/recommend", content=f"{{{BODY}", headers=json_type)
    client.post("/v1/recommend", json={"user_id": READER, BODY: 1})
    client.get(f"/v1/users/{READER}")
    client.get(f"/{READER}")
    stranger.get("/v1/trending")
    stranger.get("/v1/trending", headers={"Authorization": f"Bearer {key}x"})


def once_counted(client: httpx.Client) -> str:
    """The metrics, once what is counted beside the requests is counted."""
    seen = 'newsstand_experiment_impressions{experiment="fresher",variant="[a-z]+"} [1-9]'
    eventually(lambda: re.search(seen, client.get("/metrics").text) is not None)
    return client.get("/metrics").text


def without_store(service: ServiceProcess) -> str:
    """The metrics while the state store hangs, after lists without it and a refused article."""
    (valkey,) = children(service.pid)
    os.kill(valkey, signal.SIGSTOP)
    try:
        client, away = service.client, 'newsstand_state_servers{breaker="open"} 1.0'

        def noticed() -> bool:
            assert client.post("/v1/recommend", json={"user_id": READER}).is_success
            client.put("/v1/articles/c", json={"title": TEXT})
            return away in client.get("/metrics").text

        eventually(noticed)
        assert client.put("/v1/articles/c", json={"title": TEXT}).status_code == 503
        return client.get("/metrics").text
    finally:
        os.kill(valkey, signal.SIGCONT)


def server_span(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span.server and span.name == "POST /v1/recommend"]


def test_every_metric_is_documented_with_its_kind_and_labels(watched: Watched) -> None:
    documented = table()
    found = {}
    for name, kind, samples in exposed(watched.metrics):
        labels = documented[name].labels
        assert all(set(sample) == labels for sample in samples), name
        found[name] = Described(name, kind, labels)
    assert found == documented


def test_metrics_tell_what_happened(watched: Watched) -> None:
    for line in [
        'newsstand_articles_ingested_total{status="created"} 4.0',
        'newsstand_degraded_total{reason="unknown_reader"} 1.0',
        'newsstand_refused_total{reason="no_key"} 1.0',
        'newsstand_refused_total{reason="unknown_key"} 1.0',
        'newsstand_requests_total{method="POST",route="/v1/recommend",status="400"} 1.0',
        'newsstand_cache_lookups_total{cache="text_digests",outcome="miss"} 4.0',
        f'newsstand_model{{model="{REFERENCE}",role="active"}} 1.0',
        'newsstand_state_servers{breaker="closed"} 1.0',
        'newsstand_processes{process="worker"} 1.0',
        "newsstand_requests_in_flight 1.0",
        "newsstand_generation 1.0",
        "newsstand_article_log_lag_entries 0.0",
        "newsstand_state_lost 0.0",
    ]:
        assert f"{line}\n" in watched.metrics
    assert value(watched.metrics, "newsstand_generation_timestamp_seconds") > 1.7e9
    assert value(watched.metrics, "newsstand_state_memory_bytes") > 100_000


def test_metrics_tell_of_a_store_that_hangs(watched: Watched) -> None:
    without = watched.metrics_without_store
    assert 'newsstand_state_servers{breaker="open"} 1.0' in without
    assert value(without, "newsstand_state_breaker_openings_total") >= 1
    assert 'newsstand_degraded_total{reason="state_unavailable"}' in without


def value(metrics: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    assert found, name
    return float(found.group(1))


def queries() -> Iterator[str]:
    for group in yaml.safe_load((DOCKER / "prometheus" / "alerts.yml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for path in (DOCKER / "grafana" / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            yield from (target["expr"] for target in panel.get("targets", ()))


def test_alerts_and_dashboards_ask_for_what_there_is(watched: Watched) -> None:
    series = {name: described for described in table().values() for name in described.series}
    values = {
        (name, label, value)
        for name, _, samples in exposed(watched.metrics + watched.metrics_without_store)
        for sample in samples
        for label, value in sample.items()
    }
    for query in queries():
        asked = re.findall(r"(newsstand_\w+)(?:\{([^}]*)\})?", query)
        assert asked or "up{" in query, query
        known = ADDED_BY_PROMETHEUS | {"le"}
        for name, matchers in asked:
            metric = series[name]
            known |= metric.labels
            for label, wanted in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
                assert label in metric.labels, query
                for alternative in expanded(wanted):
                    exists = (metric.name, label, alternative) in values
                    assert exists or label == "status" or f"`{alternative}`" in metric.said, query
        for grouping in re.findall(r"(?:by|on|ignoring) \(([^)]*)\)", query):
            assert set(re.split(r", *", grouping)) <= known, query


def expanded(pattern: str) -> list[str]:
    """The values that a matcher such as ``/v1/(recommend|rank)`` names."""
    found = re.fullmatch(r"(.*)\((.*)\)(.*)", pattern)
    before, inner, after = found.groups() if found else ("", pattern, "")
    return [before + alternative + after for alternative in inner.split("|")]


def test_a_request_is_a_span_of_its_callers_trace_and_its_stages_are_in_it(
    watched: Watched,
) -> None:
    spans = [span for span in watched.spans if span.trace_id == TRACE]
    first, second = server_span(spans)
    for request in (first, second):
        assert request.parent == PARENT
        assert request.attributes == {
            "http.request.method": "POST",
            "http.route": "/v1/recommend",
            "http.response.status_code": 200,
        }
        stages = [span for span in spans if span.parent == request.span_id]
        assert {"state", "taste", "candidates", "score", "rerank"} <= {s.name for s in stages}
        for stage in stages:
            assert request.started_ns <= stage.started_ns + 1e6
            assert stage.ended_ns <= request.ended_ns + 1e6
        (state,) = [stage for stage in stages if stage.name == "state"]
        (redis,) = [span for span in spans if span.parent == state.span_id]
        assert redis.name == "redis"
        assert list(redis.attributes) == ["commands"]


def test_encoding_is_a_span_that_says_how_many_texts(watched: Watched) -> None:
    by_id = {span.span_id: span for span in watched.spans}
    encoded = [span for span in watched.spans if span.name == "encoder"]
    assert len(encoded) >= 4
    assert all(span.attributes == {"texts": 1} for span in encoded)
    assert {by_id[span.parent].name for span in encoded} == {"encode"}
    assert all(resource["service.name"] == "newsstand" for resource in watched.resources)


def test_logs_bear_request_and_trace_of_what_they_are_about(watched: Watched) -> None:
    lines = [json.loads(line) for line in watched.log.splitlines() if line.startswith("{")]
    refusals = [line for line in lines if line.get("status") == 503]
    assert refusals
    for line in refusals:
        assert (line["method"], line["route"]) == ("PUT", "/v1/articles/{article_id:path}")
        assert re.fullmatch("[0-9a-f]{32}", line["request_id"])
        assert any(span.trace_id == line["trace_id"] for span in watched.spans)


def test_no_reader_no_text_and_no_key_is_in_what_it_says(watched: Watched) -> None:
    told = "\n".join(
        [watched.metrics, watched.metrics_without_store, watched.log, repr(watched.spans)]
    )
    for secret in (READER, TEXT, BODY, watched.key, "Quokkas"):
        assert secret not in told


def test_traces_without_the_extra_are_refused_with_its_name(tmp_path: Path) -> None:
    settings = ["--port", "0", "--data-dir", str(tmp_path)]
    wish = ["--otlp-endpoint", "http://localhost:4318"]
    done = run_without(["opentelemetry.exporter"], "service.cli", "serve", *settings, *wish)
    assert done.returncode == 1
    assert "newsstand[tracing]" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "NEWSSTAND_OTLP_ENDPOINT" in refused("--otlp-endpoint", "localhost:4318")


def test_nothing_that_sends_traces_is_imported_unless_it_is_asked_for() -> None:
    asked = "import sys, service.server; print([m for m in sys.modules if m in sys.argv[1:]])"
    sending = ["opentelemetry.sdk.trace", "opentelemetry.exporter", "service.tracing.otlp"]
    command = [sys.executable, "-c", asked, *sending]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

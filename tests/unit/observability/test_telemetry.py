"""What surrounds every request: that a client chooses no label, and that a defect tells nothing."""

import asyncio
import json
import logging
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest
from fastapi import FastAPI

from service import logs
from service.api import problems
from service.api.metrics.registry import Metrics
from service.api.telemetry import Telemetry
from tests.expositions import Described, table

SECRET = "reader-4711"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.add_middleware(Telemetry, metrics=metrics)
    problems.install(app)

    @app.get("/v1/defect/{reader}")
    async def defect(reader: str) -> None:
        raise KeyError(reader)

    def send(request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            sent = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.content
            )
            response = await transport.handle_async_request(sent)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return asyncio.run(answer())

    with httpx.Client(base_url="http://test", transport=httpx.MockTransport(send)) as client:
        yield client


def test_a_defect_is_logged_under_the_requests_id_and_names_no_reader(
    client: httpx.Client,
) -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    logging.getLogger().addHandler(handler)
    answer = client.get(f"/v1/defect/{SECRET}", headers={"X-Request-ID": "r-1"})
    logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] == "r-1"
    assert SECRET not in answer.text + stream.getvalue()
    defect, access = map(json.loads, stream.getvalue().splitlines())
    assert defect["request_id"] == access["request_id"] == "r-1"
    assert "KeyError" in defect["traceback"]
    assert (access["route"], access["status"]) == ("/v1/defect/{reader}", 500)


def test_no_label_is_a_clients_own_word(client: httpx.Client, metrics: Metrics) -> None:
    for method, path in [
        ("GET", f"/v1/{SECRET}"),
        (SECRET.upper(), "/v1/defect/x"),
        (SECRET.upper(), f"/{SECRET}"),
    ]:
        client.request(method, path)
    said = metrics.text().decode()
    assert SECRET not in said.lower()
    assert 'newsstand_requests_total{method="other",route="unknown",status="404"}' in said


def test_nothing_is_in_flight_afterwards(client: httpx.Client, metrics: Metrics) -> None:
    client.get("/v1/defect/x")
    client.get("/v1/nowhere")
    assert "newsstand_requests_in_flight 0.0" in metrics.text().decode()


def test_the_documentation_lists_every_metric_with_its_labels(metrics: Metrics) -> None:
    made = {
        described.name: described
        for collector in metrics.registry._collector_to_names
        for family in collector.describe()
        for described in [
            Described(
                f"{family.name}_total" if family.type == "counter" else family.name,
                family.type,
                frozenset(collector._labelnames),  # type: ignore[attr-defined]
            )
        ]
    }
    assert made == table()

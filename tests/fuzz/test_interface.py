"""Whatever is sent to any operation, the answer is one that the OpenAPI document declares.

Schemathesis makes the requests and checks the answers: schemathesis.toml says how.
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from service.adapters.embedded_valkey import EmbeddedValkey
from tests.integration.asking import click
from tests.integration.newsroom import stock
from tests.integration.service_process import ServiceProcess
from tests.shipped import REFERENCE

ROOT = Path(__file__).parent.parent.parent
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EVENT = {"user_id": "u", "article_id": "a", "type": "click"}
BODIES = {
    "recommend": {"user_id": "u"},
    "rank": {"user_id": "u", "candidate_article_ids": ["a"]},
    "post_events": [EVENT],
    "post_articles": [{"article_id": "a", "title": "Harbour story"}],
    "put_article": {"title": "Harbour story"},
    "put_active": {"model": REFERENCE},
}


@pytest.fixture(scope="module")
def newsroom(guarded: httpx.Client) -> httpx.Client:
    """With the articles and the readers that schemathesis.toml names."""
    stock(guarded)
    for number in range(3):
        click(guarded, f"reader-{number}", "food-0", "money-2")
    return guarded


def fuzzed(service: httpx.Client, report: Path, *arguments: str) -> dict[str, Any]:
    """What Schemathesis reports of a run without a failure."""
    st = [str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIGURATION), "run"]
    url = str(service.base_url.join("/openapi.json"))
    to_file = ["--no-color", "--report", "json", "--report-json-path", str(report)]
    key = service.headers["authorization"].removeprefix("Bearer ")
    env = {**os.environ, "NEWSSTAND_KEY": key, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*st, url, *arguments, *to_file], capture_output=True, text=True, env=env, cwd=report.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    assert found["operations"]["tested"] == found["operations"]["total"]
    return found["test_cases"]


def test_the_document_is_valid_and_says_how_operations_refuse(guarded: httpx.Client) -> None:
    document = guarded.get("/openapi.json").json()
    validate(document)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    described = {tag["name"] for tag in document["tags"]}
    operations = [each for path in document["paths"].values() for each in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    for operation in operations:
        assert set(operation["tags"]) <= described
        for status, response in operation["responses"].items():
            assert {"X-Request-ID", "Server-Timing"} <= response["headers"].keys()
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


def test_requests_of_every_kind_are_answered_as_declared(
    newsroom: httpx.Client, tmp_path: Path
) -> None:
    few = ["--phases", "examples,fuzzing", "--max-examples", "2"]
    fuzzed(newsroom, tmp_path / "report.json", *few)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_thousands_of_requests_are_answered_as_declared(
    newsroom: httpx.Client, tmp_path: Path, seed: int
) -> None:
    many = ["--max-examples", "80", "--seed", str(seed)]
    cases = fuzzed(newsroom, tmp_path / "report.json", *many)
    assert cases["generated"] >= 2_000


@pytest.mark.slow
def test_what_is_answered_while_the_store_is_away_is_declared(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path / "shared") as valkey, ExitStack() as stack:
        arguments = ["--redis-url", valkey.url]
        service = stack.enter_context(ServiceProcess(*arguments)).client
        stock(service)
        away = stack.pop_all()
    with away:
        statuses = {}
        for path, operations in service.get("/openapi.json").json()["paths"].items():
            for method, operation in operations.items():
                name = operation["operationId"]
                url = path.replace("{article_id}", "football-0").replace("{user_id}", "u")
                answer = service.request(method, url, json=BODIES.get(name))
                statuses[name] = answer.status_code
                declared = operation["responses"][str(answer.status_code)]
                assert all(header in answer.headers for header in declared["headers"])
    assert {name for name, status in statuses.items() if status == 503} >= {
        *("post_articles", "put_article", "delete_article", "post_events", "delete_user", "ready")
    }
    assert {name for name, status in statuses.items() if status == 200} >= {
        *("recommend", "rank", "similar", "trending", "get_models", "live", "metrics")
    }

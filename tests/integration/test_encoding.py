"""Articles and the encoder over HTTP: overload is refused, and who hung up costs nothing more."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from service.api.admission import MOST_UNDER_WAY
from tests.integration.asking import eventually, put, recommend
from tests.integration.service_process import ServiceProcess

ARTICLES = 1_000
JSON = {"Content-Type": "application/json"}
WORDS = (
    "harbour",
    "ferry",
    "strike",
    "council",
    "budget",
    "museum",
    "glacier",
    "senate",
    "a",
    "the",
)
TITLE_CHARACTERS = 1_000


@pytest.fixture
def slow_service(tmp_path: Path) -> Iterator[httpx.Client]:
    """A service whose encoder has one thread."""
    arguments = ["--data-dir", str(tmp_path), "--encoder-threads", "1"]
    with ServiceProcess(*arguments) as running:
        yield running.client


def long_articles(tag: str) -> bytes:
    """A full request of articles that are as long for an encoder as any, each of its own."""
    titles = (
        f"{tag} {number} " + " ".join(WORDS[number * place % len(WORDS)] for place in range(1, 200))
        for number in range(ARTICLES)
    )
    return json.dumps(
        [
            {"article_id": f"{tag}-{number}", "title": title[:TITLE_CHARACTERS]}
            for number, title in enumerate(titles)
        ]
    ).encode()


def sent(service: httpx.Client, body: bytes, *, whole: bool = True) -> socket.socket:
    """A connection on which the articles, or the beginning of them, were sent, and nobody has read
    an answer yet.
    """
    address = urlsplit(str(service.base_url))
    assert address.hostname is not None
    connection = socket.create_connection((address.hostname, address.port))
    head = (
        f"POST /v1/articles HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + (body if whole else body[:1]))
    return connection


def metric(service: httpx.Client, name: str) -> float:
    """A metric's value."""
    found = re.search(rf"^newsstand_{name} (\S+)$", service.get("/metrics").text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_overload_is_refused_at_once_and_who_hangs_up_is_forgotten(
    slow_service: httpx.Client,
) -> None:
    service = slow_service
    put(service, "there", "A ferry leaves the harbour")
    with ExitStack() as stack:
        two = [stack.enter_context(sent(service, long_articles(tag))) for tag in ("one", "two")]
        eventually(lambda: metric(service, "encoder_waiting_texts") > 1.5 * ARTICLES)

        refused = service.post("/v1/articles", content=long_articles("three"), headers=JSON)
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:newsstand:overloaded"
        assert int(refused.headers["Retry-After"]) > 1
        assert metric(service, "encoder_refused_total") == ARTICLES

        # Meanwhile all else is answered, and what is stored needs no encoder.
        assert service.get("/health/live").status_code == 200
        recommend(service, session_article_ids=["there"])
        assert put(service, "there", "A ferry leaves the harbour").json()["status"] == "unchanged"
        assert put(service, "between", "The museum opens again").status_code == 201
        assert 0 < metric(service, "encoder_waiting_texts") <= 2 * ARTICLES
    del two
    eventually(lambda: metric(service, "encoder_waiting_texts") == 0)
    assert metric(service, "clients_gone_total") == 2
    assert metric(service, "encoder_dropped_total") > ARTICLES
    done = metric(service, "encoder_texts_total") + metric(service, "encoder_dropped_total")
    assert done == 2 * ARTICLES + 2
    assert put(service, "next", "The senate votes").status_code == 201


def test_no_more_requests_are_taken_on_than_keep_it_busy(slow_service: httpx.Client) -> None:
    service = slow_service
    with ExitStack() as stack:
        for _ in range(MOST_UNDER_WAY):
            begun = stack.enter_context(sent(service, long_articles("begun"), whole=False))
        eventually(lambda: put_of(service).status_code == 503)
        refused = put_of(service)
        assert refused.json()["type"] == "urn:newsstand:overloaded"
        assert int(refused.headers["Retry-After"]) >= 1
        assert service.get("/v1/articles/none").status_code == 404
        del begun
    eventually(lambda: put_of(service).status_code in (200, 201))
    gone = f'status="499"}} {MOST_UNDER_WAY:.1f}'
    eventually(lambda: gone in service.get("/metrics").text)


def put_of(service: httpx.Client) -> httpx.Response:
    return service.put("/v1/articles/one-more", json={"title": "The ferry waits"})


def test_a_client_says_how_long_it_waits(slow_service: httpx.Client) -> None:
    article = {"title": "The glacier is gone"}
    answer = slow_service.put("/v1/articles/g", json=article, headers={"Prefer": "wait=0"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:newsstand:overloaded"
    assert int(answer.headers["Retry-After"]) >= 1
    assert slow_service.get("/v1/articles/g").status_code == 404
    for preference in ("wait=60", "wait=soon", "respond-async, wait=60"):
        headers = {"Prefer": preference}
        answer = slow_service.put("/v1/articles/g", json=article, headers=headers)
        assert answer.status_code in (200, 201)

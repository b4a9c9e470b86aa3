"""Input that is meant to harm: refused or taken as it is, and never an error of ours."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

JSON = {"content-type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000
DEEP_OBJECT = b'{"a":' * 1_000 + b"1" + b"}" * 1_000
HOSTILE = {
    "deep": DEEP,
    "a deep object": DEEP_OBJECT,
    "a huge integer": b'{"limit": ' + b"9" * 5_000 + b"}",
    "a huge exponent": b'{"limit": 1e999999999}',
    "a lone surrogate": b'{"user_id": "\\ud800"}',
    "a lone surrogate in UTF-8": b'{"user_id": "\xed\xa0\x80"}',
    "a surrogate as a name": b'{"\\ud800": 1}',
    "a NUL": b'{"user_id": "a\\u0000b"}',
    "a NUL as it is": b'{"user_id": "a\0b"}',
    "a NUL as a name": b'{"\\u0000": 1}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"limit": 1}'.encode("utf-16"),
    "a hundred thousand fields": json.dumps({f"k{n}": 1 for n in range(100_000)}).encode(),
    "a very long name": b'{"' + b"k" * 1_000_000 + b'": 1}',
    "a very long cursor": json.dumps({"cursor": "x" * 400_000}).encode(),
    "a cursor of odd letters": json.dumps({"cursor": "\0é"}).encode(),
}
CALLS = [
    ("POST", "/v1/recommend"),
    ("POST", "/v1/rank"),
    ("POST", "/v1/events"),
    ("POST", "/v1/articles"),
    ("PUT", "/v1/articles/hostile"),
    ("PUT", "/v1/models/active"),
]


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_refused_in_few_words(service: httpx.Client, body: bytes) -> None:
    for method, path in CALLS:
        answer = service.request(method, path, content=body, headers=JSON)
        assert 400 <= answer.status_code < 500, (path, answer.text[:300])
        assert len(answer.content) < 50_000


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_a_hostile_item_is_rejected_or_the_batch_refused(
    service: httpx.Client, body: bytes, media_type: str
) -> None:
    content = b"[" + body + b"]" if media_type == "application/json" else body
    for path in ("/v1/events", "/v1/articles"):
        answer = service.post(path, content=content, headers={"content-type": media_type})
        assert answer.status_code in (200, 400, 413), (path, answer.text[:300])
        if answer.status_code == 200:
            assert answer.json()["accepted"] == 0
        assert len(answer.content) < 50_000


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"a": nested(17)}},
        {"attributes": {"a": nested(250)}},
        {"entities": [{"a": nested(17)}]},
        {"attributes": {"a": [1] * 10_001}},
        {"attributes": {"a": "x" * 200_001}},
        {"entities": [{"x" * 1_001: 1}] * 200},
        {"language": "en" + "-abcdefgh" * 100},
        {"published_at": "2026-05-01T08:00:00." + "1" * 1_000 + "Z"},
    ],
)
def test_what_is_stored_is_bounded(service: httpx.Client, fields: dict[str, Any]) -> None:
    answer = service.put("/v1/articles/unbounded", json={"title": "x", **fields})
    assert answer.status_code == 422, answer.text[:300]
    assert service.get("/v1/articles/unbounded").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"a": nested(14)}},
        {"entities": [{"a": nested(13)}]},
        {"attributes": {"a": 2**64 - 1, "b": -(2**63), "c": 5e-324, "d": None, "\0": "\0"}},
        {"abstract": "a\0b", "category": "\0"},
        {"title": "\U0010ffff\ufffe\u202e", "body": "\u0301" * 200_000},
    ],
)
def test_what_may_be_stored_is_answered_as_it_came(
    service: httpx.Client, fresh: Callable[[str], str], fields: dict[str, Any]
) -> None:
    path = f"/v1/articles/{fresh('odd')}"
    assert service.put(path, json={"title": "x", **fields}).status_code == 201
    answer = service.get(path).json()
    assert {name: answer[name] for name in fields} == fields


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 5_000,
        "published_after=" + "9" * 3_000,
        "%00=1",
        "languages=%ED%A0%80",
        "categories=" + "x" * 300,
        "&".join(["categories=a"] * 101),
        "&" * 1_000,
        "x" * 50_000,
    ],
)
def test_a_hostile_query_is_refused(service: httpx.Client, query: str) -> None:
    for path in ("/v1/trending", "/v1/articles/hostile/similar"):
        answer = service.get(f"{path}?{query}")
        assert answer.status_code in (413, 422), answer.text[:300]


def test_no_operation_takes_a_query_without_end(service: httpx.Client) -> None:
    for path, methods in service.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            url = f"{re.sub(r'{.*?}', 'nothing', path)}?{'x&' * 1_000}"
            assert service.request(method, url, json={}).status_code == 413, (method, path)
            assert "413" in operation["responses"]


@pytest.mark.parametrize(
    "model", ["../../etc/passwd", "/etc", "..", "a@../1", "a@1/../../x", "\0", "file:///etc/passwd"]
)
def test_no_model_reference_leads_out_of_the_store(service: httpx.Client, model: str) -> None:
    answer = service.put("/v1/models/active", json={"model": model})
    assert answer.status_code == 422
    assert "root:" not in answer.text


def test_an_address_in_an_article_is_never_asked(
    service: httpx.Client, fresh: Callable[[str], str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody.settimeout(0.0)
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/picture.png"
        named = {"url": address, "image_url": address, "attributes": {"url": address}}
        path = f"/v1/articles/{fresh('address')}"
        assert service.put(path, json={"title": address, **named}).status_code == 201
        assert service.get(path).status_code == 200
        assert service.get(f"{path}/similar").status_code == 200
        service.post("/v1/recommend", json={"interests": {"categories": [address]}})
        with pytest.raises(BlockingIOError):
            nobody.accept()

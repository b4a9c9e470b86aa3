"""Keys and scopes, as clients of a running service meet them."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service.api.access import OPEN
from service.domain.api_key import KeyScope
from tests.integration.asking import eventually
from tests.integration.keyring import Headers, Keys
from tests.integration.service_process import ServiceProcess, refused

PROBLEM = "application/problem+json"


@dataclass
class Guarded:
    """A service that knows keys, and one key for each scope."""

    process: ServiceProcess
    keys: Keys
    bearing: dict[KeyScope, Headers]

    @property
    def client(self) -> httpx.Client:
        """A client that bears none."""
        return self.process.client


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    keys = Keys(folder / "keys.json")
    bearing = {scope: keys.create(scope.value, scope) for scope in KeyScope}
    arguments = ["--data-dir", str(folder / "data"), "--api-keys-file", str(keys.path)]
    with ServiceProcess(*arguments) as process:
        yield Guarded(process, keys, bearing)
        process.stop(signal.SIGTERM)
    # Whatever the tests of this module sent, the log holds no key and no reader.
    for secret in ("iris", "forged", *(shown.rpartition("_")[2] for shown in keys.shown)):
        assert secret not in process.said


def operations(client: httpx.Client) -> list[tuple[str, str, KeyScope | None]]:
    """Every method and path in the OpenAPI document, with the scope that it needs."""
    document = client.get("/openapi.json").json()
    found: list[tuple[str, str, KeyScope | None]] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            security = operation.get("security")
            scope = None if security is None else KeyScope(security[0]["api_key"][0])
            found.append((method.upper(), re.sub(r"{\w+}", "nothing", path), scope))
    return found


def ask(client: httpx.Client, method: str, path: str, headers: Headers) -> httpx.Response:
    body = b"{}" if method in ("POST", "PUT") else None
    typed = {"content-type": "application/json", **headers}
    response = client.request(method, path, content=body, headers=typed)
    assert response.headers["x-content-type-options"] == "nosniff"
    return response


def test_every_operation_declares_its_scope_or_is_open(guarded: Guarded) -> None:
    found = operations(guarded.client)
    assert {path for _, path, scope in found if scope is None} <= OPEN
    assert {scope for _, _, scope in found} == {None, *KeyScope}
    scheme = guarded.client.get("/openapi.json").json()["components"]["securitySchemes"]["api_key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_operation_answers_to_its_scope_and_to_no_other(guarded: Guarded) -> None:
    client = guarded.client
    for method, path, needed in operations(client):
        bare = ask(client, method, path, {})
        if needed is None:
            assert bare.status_code == 200
            continue
        assert (bare.status_code, bare.headers["content-type"]) == (401, PROBLEM), path
        assert bare.headers["www-authenticate"] == "Bearer"
        for scope, headers in guarded.bearing.items():
            answer = ask(client, method, path, headers)
            if scope == needed:
                assert answer.status_code not in (401, 403, 500), (path, answer.text)
            else:
                assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM), path
                assert needed in answer.json()["detail"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer newsstand_",
        "Bearer \xff",
        f"Bearer {'0' * 9_000}",
        "Bearer a b",
    ],
)
def test_an_unknown_key_is_401(guarded: Guarded, authorization: str) -> None:
    headers = {"authorization": authorization.encode("latin-1")}
    answer = guarded.client.get("/v1/trending", headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_another_scheme_bears_no_key(guarded: Guarded) -> None:
    for authorization in ("Basic dTpw", "", "newsstand_"):
        answer = guarded.client.get("/v1/trending", headers={"authorization": authorization})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_scheme_may_be_written_in_small_letters(guarded: Guarded) -> None:
    shown = guarded.bearing[KeyScope.READ]["authorization"]
    headers = {"authorization": shown.replace("Bearer", "bearer")}
    assert guarded.client.get("/v1/trending", headers=headers).status_code == 200


def test_a_stranger_learns_nothing_of_which_paths_there_are(guarded: Guarded) -> None:
    paths = ("/nowhere", "/v1/", "/docs/", "/health/live/", "/health//live", "/openapi.json/x")
    for path in paths:
        assert guarded.client.get(path).status_code == 401, path
    assert guarded.client.patch("/v1/recommend").status_code == 401
    headers = guarded.bearing[KeyScope.READ]
    assert guarded.client.get("/nowhere", headers=headers).status_code == 404
    assert guarded.client.patch("/v1/recommend", headers=headers).status_code == 405


def test_a_key_is_asked_for_before_a_body_is_read(guarded: Guarded) -> None:
    url = guarded.client.base_url
    for bearing, status in (({}, b"401"), (guarded.bearing[KeyScope.READ], b"403")):
        lines = [f"{name}: {value}" for name, value in bearing.items()]
        head = ["POST /v1/articles HTTP/1.1", "host: x", "content-type: application/json"]
        head += [*lines, "content-length: 1000000", "", ""]
        with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
            connection.sendall("\r\n".join(head).encode())
            assert connection.recv(64).split()[1] == status


def test_a_new_key_opens_and_a_revoked_one_no_more(guarded: Guarded) -> None:
    headers = guarded.keys.create("passing", KeyScope.READ)

    def status() -> int:
        return guarded.client.get("/v1/trending", headers=headers).status_code

    eventually(lambda: status() == 200)
    guarded.keys.revoke("passing")
    eventually(lambda: status() == 401)


def test_a_damaged_keys_file_changes_nothing(guarded: Guarded) -> None:
    sound = guarded.keys.path.read_bytes()
    headers = guarded.keys.create("after", KeyScope.READ)
    shown = guarded.keys.path.read_bytes()
    guarded.keys.path.write_bytes(sound[:40])
    reading = guarded.bearing[KeyScope.READ]
    try:
        assert guarded.client.get("/v1/trending", headers=reading).status_code == 200
    finally:
        guarded.keys.path.write_bytes(shown)
    eventually(lambda: guarded.client.get("/v1/trending", headers=headers).status_code == 200)
    assert guarded.client.get("/v1/trending", headers=reading).status_code == 200


def test_a_key_that_comes_too_often_is_429_and_others_are_not(guarded: Guarded) -> None:
    headers = guarded.keys.create("slow", KeyScope.READ, rate=0.01)

    def answered() -> httpx.Response:
        return guarded.client.get("/v1/trending", headers=headers)

    eventually(lambda: answered().status_code == 200)
    answer = answered()
    assert (answer.status_code, answer.headers["content-type"]) == (429, PROBLEM)
    assert 1 <= int(answer.headers["retry-after"]) <= 100
    reading = guarded.bearing[KeyScope.READ]
    assert guarded.client.get("/v1/trending", headers=reading).status_code == 200
    metrics = guarded.client.get("/metrics", headers=reading).text
    for reason in ("no_key", "unknown_key", "scope", "rate"):
        assert re.search(rf'newsstand_refused_total{{reason="{reason}"}} [1-9]', metrics)


def import_news(
    guarded: Guarded, folder: Path, headers: Headers
) -> "subprocess.CompletedProcess[str]":
    source = folder / "news.jsonl"
    source.write_text('{"article_id": "imported", "title": "A ferry"}\n')
    command = [sys.executable, "-m", "service.cli", "import", str(source)]
    command += ["--to", str(guarded.client.base_url), "--data-dir", str(folder)]
    key = headers["authorization"].removeprefix("Bearer ")
    env = {**os.environ, "NEWSSTAND_API_KEY": key}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_an_import_bears_its_key(guarded: Guarded, tmp_path: Path) -> None:
    reading = guarded.bearing[KeyScope.READ]
    done = import_news(guarded, tmp_path, reading)
    assert done.returncode == 1
    assert "403" in done.stderr
    assert guarded.keys.shown[0] not in done.stderr
    done = import_news(guarded, tmp_path, guarded.bearing[KeyScope.WRITE])
    assert done.returncode == 0, done.stderr
    assert guarded.client.get("/v1/articles/imported", headers=reading).status_code == 200


def test_a_keys_file_that_is_not_sound_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    arguments = ["--port", "0", "--data-dir", str(tmp_path), "--api-keys-file", str(file)]
    file.write_text('{"keys": [')
    (line,) = refused(*arguments).splitlines()
    assert line.startswith("newsstand: ")
    assert f"{file} are damaged" in line


def test_what_is_said_of_a_broken_request_is_not_what_it_says(guarded: Guarded) -> None:
    client, headers = guarded.client, guarded.keys.create("clumsy", *KeyScope)
    for bearing in (headers, {"authorization": "Bearer newsstand_forged"}):
        client.get("/v1/users/reader-iris", headers=bearing)
        client.delete("/v1/users/reader-iris/x", headers=bearing)
        client.post("/v1/recommend", json={"user_id": "reader-iris", "x": 1}, headers=bearing)
        client.post("/v1/events", content=b'[{"user_id": "reader-iris"', headers=bearing)
    for broken in (
        b"GET /v1/users/reader-iris HTTP/9\r\n\r\n",
        f"GET / HTTP/1.1\r\nauthorization {headers['authorization']}\r\n\r\n".encode(),
        b"POST /v1/users/reader-iris HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"\x16\x03\x01 reader-iris",
    ):
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(broken)
            answered = connection.recv(4096)
        assert answered.startswith(b"HTTP/1.1 400")
        assert b"iris" not in answered


@pytest.mark.slow
def test_workers_share_the_keys_and_the_rate(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    free = keys.create("free", KeyScope.READ)
    bound = keys.create("bound", KeyScope.READ, rate=0.02)
    arguments = ["--data-dir", str(tmp_path / "data"), "--api-keys-file", str(keys.path)]
    arguments += ["--workers", "2", "--host", "0.0.0.0"]
    with ServiceProcess(*arguments) as process:
        url = f"http://127.0.0.1:{process.client.base_url.port}"

        def status(headers: Headers) -> int:  # each on a connection of its own: either worker's
            return httpx.get(f"{url}/v1/trending", headers=headers).status_code

        assert {status(free) for _ in range(20)} == {200}
        assert 1 <= [status(bound) for _ in range(40)].count(200) <= 2
        keys.revoke("free")
        eventually(lambda: {status(free) for _ in range(20)} == {401})

"""Clients that take their time, or send without end: none keeps a connection for ever."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from service import http_connection
from service.api import strict_json
from service.api.strict_json import StrictRequest
from service.errors import TooLarge, TooSlow
from service.http_connection import HttpConnection

Message = dict[str, object]


def request(*pieces: bytes, pause: float, end: bool = True) -> StrictRequest:
    """A request whose body comes in pieces, with pauses between; the end may never come."""
    left = list(pieces)

    async def receive() -> Message:
        if not left and not end:
            await asyncio.Event().wait()
        await asyncio.sleep(pause if len(left) < len(pieces) else 0.0)
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left) or not end}

    return StrictRequest({"type": "http", "headers": []}, receive)


def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "BODY_SECONDS", 0.05)
    with pytest.raises(TooSlow, match="3 bytes"):
        asyncio.run(request(b"abc", pause=0.0, end=False).body())


def test_a_body_that_trickles_is_given_up_however_often_something_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strict_json, "BODY_SECONDS", 0.1)
    with pytest.raises(TooSlow):
        asyncio.run(request(*[b"x"] * 1_000, pause=0.01).body())


def test_a_large_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(strict_json, "SLOWEST_BYTES_A_SECOND", 1_000)
    whole = asyncio.run(request(*[b"x" * 10_000] * 4, pause=0.1).body())
    assert len(whole) == 40_000


def test_a_body_without_end_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BODY_BYTES", 1_000)
    with pytest.raises(TooLarge):
        asyncio.run(request(*[b"x" * 100] * 11, pause=0.0, end=False).body())


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that answers at once, without reading the body; on ``/reads`` it reads that first,
    and then answers which headers there are; on ``/waits`` it never answers.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        said = b"ok"
        while scope["path"] == "/waits" and (await receive())["type"] != "http.disconnect":
            pass
        if scope["path"] == "/reads":
            while (await receive()).get("more_body"):
                pass
            said = b" ".join(name for name, _ in scope["headers"])
        headers = [(b"content-length", b"%d" % len(said))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.3)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app, http=HttpConnection, lifespan="off", log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield int(listening.getsockname()[1])
        server.should_exit = True
        thread.join(timeout=30)


def answers_until_closed(connection: socket.socket) -> bytes:
    said = b""
    while True:
        try:
            piece = connection.recv(65_536)
        except ConnectionResetError:
            return said
        if not piece:
            return said
        said += piece


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_connection_on_which_nothing_comes_is_closed(port: int) -> None:
    with connected(port) as connection:
        assert answers_until_closed(connection) == b""


@pytest.mark.parametrize(
    "begun",
    [b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n"],
    ids=["first", "second"],
)
def test_a_head_that_trickles_is_given_up(port: int, begun: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(begun)
        ended = threading.Event()

        def trickle() -> None:
            while not ended.wait(0.02):
                try:
                    connection.sendall(b"x: y\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        said = answers_until_closed(connection)
        ended.set()
        thread.join()
    assert said.count(b"200 OK") == begun.count(b"host")


def test_what_still_comes_of_a_body_after_the_answer_holds_no_connection(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        said = answers_until_closed(connection)
    assert said.endswith(b"ok")


def test_a_head_without_end_is_431(port: int) -> None:
    begin = b"GET / HTTP/1.1\r\nx: "
    with connected(port) as connection:
        connection.sendall(begin + b"y" * (http_connection.MAX_HEAD_BYTES + 1 - len(begin)))
        assert answers_until_closed(connection).startswith(b"HTTP/1.1 431 ")


def test_a_head_without_end_is_no_answer_to_the_request_before_it(port: int) -> None:
    begun = b"GET /waits HTTP/1.1\r\nhost: x\r\n\r\n"
    endless = b"GET / HTTP/1.1\r\nx: " + b"y" * (1024 * 1024)
    with connected(port) as connection, suppress(ConnectionError):
        connection.sendall(begun + endless)
        assert answers_until_closed(connection) == b""


def test_a_head_behind_a_large_body_is_none_the_larger_for_it(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "MAX_HEAD_BYTES", 1_000)  # so that all come in one piece
    body = b"x" * 10_000
    first = b"POST /reads HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with connected(port) as connection:
        connection.sendall(first + b"GET / HTTP/1.1\r\nho")
        assert connection.recv(4_096).endswith(b"content-length")
        connection.sendall(b"st: x\r\n\r\n")
        assert connection.recv(4_096).endswith(b"ok")


@pytest.mark.parametrize(
    "endless",
    [
        b"0\r\n" + b"x: y\r\n" * 5_000_000,
        b"0\r\nx: " + b"y" * 30_000_000,
        b"1;" + b"y" * 30_000_000,
    ],
    ids=["trailers", "a trailer", "an extension"],
)
def test_what_is_no_body_ends_soon(port: int, endless: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(b"POST /reads HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(endless)


def test_a_trailer_does_not_pass_for_a_header(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"POST /reads HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        connection.sendall(b"1\r\nx\r\n0\r\nauthorization: Bearer mine\r\n\r\n")
        assert connection.recv(4_096).endswith(b"\r\n\r\ntransfer-encoding")


def test_a_body_may_come_in_very_small_pieces(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"POST /reads HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        connection.sendall(b"1\r\nx\r\n" * http_connection.MAX_HEAD_BYTES + b"0\r\n\r\n")
        assert connection.recv(4_096).endswith(b"transfer-encoding")


def test_a_connection_is_kept_for_the_next_request(port: int) -> None:
    with connected(port) as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(4_096).endswith(b"ok")

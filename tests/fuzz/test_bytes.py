"""Whatever bytes arrive, no answer is a 5xx, the process lives, and the next request is served."""

import re
import socket
from contextlib import suppress
from itertools import pairwise

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATIENCE_SECONDS = 0.05
"""So long is waited for more; then the client hangs up, as it would on what is not complete."""
FAILED = re.compile(r'^newsstand_requests_total\{.*status="5..".*\} (\S+)$', re.MULTILINE)
KEY = b"{key}"
HEAD = b"Host: x\r\nAuthorization: Bearer " + KEY + b"\r\nConnection: close\r\n"


def get(path: bytes, headers: bytes = b"") -> bytes:
    """A GET with these very bytes."""
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + headers + b"\r\n"


def post(body: bytes, framing: bytes | None = None, path: bytes = b"/v1/recommend") -> bytes:
    """A POST with these very bytes; ``framing`` stands for an honest length."""
    length = b"Content-Length: %d\r\n" % len(body) if framing is None else framing
    kind = b"Content-Type: application/json\r\n"
    return b"POST " + path + b" HTTP/1.1\r\n" + HEAD + kind + length + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
LINES = {
    "nothing": b"\r\n\r\n",
    "no protocol": b"GET /v1/trending\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "an unknown method": get(b"/v1/trending").replace(b"GET", b"BREW"),
    "another version": get(b"/v1/trending").replace(b"HTTP/1.1", b"HTTP/9.9"),
    "bare line feeds": get(b"/v1/trending").replace(b"\r\n", b"\n"),
}
PATHS = {
    "NUL": b"/v1/articles/a\x00b",
    "an encoded NUL": b"/v1/articles/a%00b",
    "overlong UTF-8": b"/v1/articles/%c0%af%c0%ae%c0%ae",
    "a lone surrogate": b"/v1/articles/%ed%a0%80",
    "bytes that are no UTF-8": b"/v1/articles/\xff\xfe",
    "half an escape": b"/v1/articles/%",
    "no escape": b"/v1/articles/%zz",
    "up and out": b"/v1/articles/../../../etc/passwd",
    "up and out, encoded": b"/v1/articles/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a line break": b"/v1/users/a%0d%0aSet-Cookie:%20a=b",
    "a whole address": b"http://elsewhere/v1/trending",
    "another's address": b"//elsewhere/v1/trending/",
    "a star": b"*",
    "70,000 characters": b"/v1/articles/" + b"a" * 70_000,
    "a query of escapes": b"/v1/trending?languages=%ff&limit=%00&%00=%ed%a0%80",
}
HEADERS = {
    "no colon": b"nonsense\r\n",
    "no name": b": nonsense\r\n",
    "a folded line": b"X-Folded: a\r\n b\r\n",
    "NUL": b"X-Request-ID: a\x00b\r\n",
    "bytes": b"X-Request-ID: \xff\xfe\r\nPrefer: wait=\xd9\xa1\r\nAuthorization: Bearer \xff\r\n",
    "100,000 characters": b"X-Long: " + b"a" * 100_000 + b"\r\n",
    "5,000 headers": b"X-Many: a\r\n" * 5_000,
    "two keys": b"Authorization: Bearer another\r\n",
    "another host": b"Host: elsewhere\r\nX-Forwarded-For: 127.0.0.1\r\n",
    "an upgrade": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
}
FRAMES = {
    "a negative length": b"Content-Length: -1\r\n",
    "a length that is no number": b"Content-Length: 1e3\r\n",
    "a length beyond all": b"Content-Length: " + b"9" * 40 + b"\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n",
    "too short a length": b"Content-Length: 1\r\n",
    "too long a length": b"Content-Length: 50\r\n",
    "a length and chunks": b"Content-Length: 2\r\n" + CHUNKED,
    "chunks that are none": CHUNKED,
    "an unknown coding": b"Transfer-Encoding: gzip, chunked\r\n",
    "an expectation": b"Content-Length: 2\r\nExpect: 100-continue\r\n",
}
CHUNKS = {
    "no size": b"zz\r\n{}\r\n0\r\n\r\n",
    "a negative size": b"-2\r\n{}\r\n0\r\n\r\n",
    "a size beyond all": b"f" * 40 + b"\r\n{}",
    "too short a size": b"1\r\n{}\r\n0\r\n\r\n",
    "an extension": b"2;a=" + b"b" * 9_000 + b"\r\n{}\r\n0\r\n\r\n",
    "a trailer": b"2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n",
}
BODIES = {
    "nothing": b"",
    "a lone surrogate": rb'{"user_id": "\ud800", "scenario": "\udfff"}',
    "a lone surrogate as a name": rb'{"\ud800": 1}',
    "bytes that are no UTF-8": b'{"user_id": "\xff\xc0\xaf\xed\xa0\x80"}',
    "UTF-16": '{"user_id": "a"}'.encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "NUL": b'{"user_id": "\x00"}',
    "an escaped NUL": rb'{"user_id": "\u0000", "filters": {"sources": ["\u0000"]}}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"filters":' * 100_000,
    "a number beyond all": b'{"limit": ' + b"9" * 5_000 + b', "diversity": 1e999}',
    "the smallest number": b'{"diversity": -1e-400, "limit": 1e2}',
    "a name twice": b'{"limit": 1, "limit": "2"}',
    "null": b"null",
}
REQUESTS = {
    **LINES,
    **{f"a path with {name}": get(path) for name, path in PATHS.items()},
    **{f"a header: {name}": get(b"/v1/trending", line) for name, line in HEADERS.items()},
    **{f"a frame: {name}": post(b"{}", frame) for name, frame in FRAMES.items()},
    **{f"a chunk: {name}": post(chunk, CHUNKED) for name, chunk in CHUNKS.items()},
    **{f"a body: {name}": post(body) for name, body in BODIES.items()},
    **{f"a batch: {name}": post(body, path=b"/v1/events") for name, body in BODIES.items()},
}


class Line:
    """A bare connection's way to the service; whoever speaks there bears the key."""

    def __init__(self, service: httpx.Client) -> None:
        self._address = service.base_url.host, service.base_url.port
        self._key = service.headers["authorization"].removeprefix("Bearer ").encode()

    def answered(self, request: bytes) -> list[int]:
        """The statuses of what came back before either side hung up."""
        received = b""
        with socket.create_connection(self._address) as line, suppress(ConnectionError):
            line.sendall(request.replace(KEY, self._key))
            line.settimeout(PATIENCE_SECONDS)
            with suppress(TimeoutError):
                while piece := line.recv(65_536):
                    received += piece
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


@pytest.fixture
def line(guarded: httpx.Client) -> Line:
    return Line(guarded)


def failures(service: httpx.Client) -> float:
    """How often the service answered 5xx, be it to somebody who did not wait."""
    return sum(map(float, FAILED.findall(service.get("/metrics").text)))


def test_no_bytes_bring_it_down(guarded: httpx.Client, line: Line) -> None:
    before, process = failures(guarded), guarded.get("/health/live").json()["process"]
    for name, request in REQUESTS.items():
        assert all(status < 500 for status in line.answered(request)), name
        assert guarded.get("/health/live").json()["process"] == process, name
    assert failures(guarded) == before
    assert guarded.post("/v1/recommend", json={}).status_code == 200


def test_requests_in_one_breath_are_answered_in_order(line: Line) -> None:
    kept = get(b"/v1/trending").replace(b"Connection: close\r\n", b"")
    missing = kept.replace(b"trending", b"nothing")
    assert line.answered(kept + missing + kept + get(b"/v1/trending")) == [200, 404, 200, 200]


@pytest.mark.parametrize(
    "seed",
    [get(b"/v1/trending?limit=3"), post(b'{"user_id": "u", "limit": 3, "filters": {}}')],
    ids=["GET", "POST"],
)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cuts=st.lists(st.integers(0, 150), max_size=4, unique=True).map(sorted),
    noise=st.lists(st.binary(max_size=6), min_size=5, max_size=5),
    keep=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_no_request_that_is_cut_up_brings_it_down(
    guarded: httpx.Client,
    line: Line,
    seed: bytes,
    cuts: list[int],
    noise: list[bytes],
    keep: list[bool],
) -> None:
    parts = [seed[start:end] for start, end in pairwise([0, *cuts, len(seed)])]
    kept = zip(parts, noise, keep, strict=False)
    damaged = b"".join(part + more if stays else more for part, more, stays in kept)
    assert all(status < 500 for status in line.answered(damaged))
    assert guarded.get("/health/live").status_code == 200

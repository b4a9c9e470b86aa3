"""A real web server before the service that stumbles as networks and gateways do, then forwards."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP = {"connection", "content-length", "transfer-encoding", "server", "date"}
AT_ONCE_ON_CLOSE = struct.pack("ii", 1, 0)
Forward = Callable[[], httpx.Response]
Stumble = Callable[[BaseHTTPRequestHandler, Forward], None]


@dataclass
class Front:
    """Where it listens, what it still does wrong, and the requests that came (method, headers)."""

    url: str
    stumbles: list[Stumble] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def answering(status: int, body: str = "", **headers: str) -> Stumble:
    """Answers by itself, as a gateway or a service that is too busy; the service hears nothing."""

    def stumble(handler: BaseHTTPRequestHandler, forward: Forward) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        _answer(handler, httpx.Response(status, text=body, headers=named))

    return stumble


def losing_the_answer(handler: BaseHTTPRequestHandler, forward: Forward) -> None:
    """The service does what was asked; the connection breaks before its answer comes back."""
    forward()
    _hang_up(handler)


def losing_the_request(handler: BaseHTTPRequestHandler, forward: Forward) -> None:
    """The connection breaks before the service heard anything."""
    _hang_up(handler)


@contextmanager
def stumbling_front(service: httpx.Client) -> Iterator[Front]:
    """The server, for the time of the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        front = Front(f"http://127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass = _handler(front, service)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join(timeout=30)


def _handler(front: Front, service: httpx.Client) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            front.asked.append((self.command, {k.lower(): v for k, v in self.headers.items()}))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}

            def forward() -> httpx.Response:
                return service.request(self.command, self.path, content=body, headers=headers)

            if front.stumbles:
                front.stumbles.pop(0)(self, forward)
            else:
                _answer(self, forward())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Say nothing."""

    return Handler


def _answer(handler: BaseHTTPRequestHandler, response: httpx.Response) -> None:
    handler.send_response(response.status_code)
    for name, value in response.headers.items():
        if name.lower() not in HOP:
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(response.content)))
    handler.end_headers()
    handler.wfile.write(response.content)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE_ON_CLOSE)
    handler.close_connection = True

"""A small real web server on loopback that serves what a test gives it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """An answer."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WebHost:
    """Pages by path, and the paths that were asked for."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes | str, **headers: str) -> str:
        """Serve the body and return its address; ``content_type`` is ``Content-Type``."""
        content = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Page(content, headers=named)
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        """Redirect to an address and return the address of the redirect."""
        self.pages[path] = Page(status=302, headers={"Location": to})
        return self.url(path)


@contextmanager
def web_host(address: str = "127.0.0.1") -> Iterator[WebHost]:
    """The server, for the time of the block."""
    with ThreadingHTTPServer((address, 0), BaseHTTPRequestHandler) as server:
        host = WebHost(server.server_address[1])
        server.RequestHandlerClass = _handler(host)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join(timeout=30)


def _handler(host: WebHost) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            page = host.pages.get(self.path, Page(status=404))
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Say nothing."""

    return Handler

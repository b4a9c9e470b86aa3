"""What no newsstand is: a service that takes everything and recommends one article twice."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def lying_service() -> Iterator[str]:
    """Serve lies until the block ends; the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Lies)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Lies(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(_twice() if isinstance(body, dict) else _taken(len(body)))

    def do_GET(self) -> None:
        self._answer({"items": []})

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self._answer({})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _taken(items: int) -> dict[str, Any]:
    results = [{"status": "recorded"} for _ in range(items)]
    return {"accepted": items, "rejected": 0, "results": results}


def _twice() -> dict[str, Any]:
    reason = {"clicks": [], "explanation": "terms", "parts": {"relevance": 0.5}}
    items = [
        {"article_id": "again", "rank": rank, "score": 0.5, "relevance": None, "reason": reason}
        for rank in (1, 2)
    ]
    return {"recommendation_id": "r", "degraded": [], "items": items, "next_cursor": None}

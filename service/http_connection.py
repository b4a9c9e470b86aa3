"""A connection to a client, which has to come to the point.

The server bounds how long a connection may idle between two requests, but not how long the head of
one may take to arrive, nor how large it may be. Here a head has ``HEAD_SECONDS``, from the moment
that it may begin: the connection was made, or the last answer was given (what still comes of that
request's body counts, too). The body has a pace of its own (``api.strict_json``); what stands
between its chunks and after them is bounded as a head is, and dropped.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 15.0
MAX_HEAD_BYTES: Final = 64 * 1024
"""At the most; what comes in one piece with the end of something else is not counted."""
TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 on one connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_due: asyncio.TimerHandle | None = None
        self._in_head = False
        self._pending_bytes = 0
        """What came since a head, a message or a piece of a body was last whole."""
        self._came_through = False
        """Whether something became whole by the latest data."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take in what came, but no head, trailers or chunk's extension without end."""
        self._came_through = False
        super().data_received(data)
        self._pending_bytes = 0 if self._came_through else self._pending_bytes + len(data)
        if self._pending_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            if self._in_head and self._all_answered():
                self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head, and no trailer: nothing here asks for one."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head, self._came_through = False, True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is there."""
        self._came_through = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._came_through = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is given: the next head may begin."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:  # no next request is there already
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _all_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_due = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

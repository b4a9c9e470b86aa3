"""When each part of a traced request began and ended. Where nothing is traced, nothing is kept."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol


class Part(NamedTuple):
    """A part of a request, in seconds of ``time.perf_counter``. One that lies within another in
    time is a part of it. Attributes are numbers: no text that a request brought.
    """

    name: str
    started: float
    ended: float
    attributes: Mapping[str, int]


class Timeline:
    """The parts of one request, in the order in which they ended."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._over = False

    def add(self, name: str, started: float, ended: float, **attributes: int) -> None:
        """Keep a part, unless the request is over: something may go on beside it."""
        if not self._over:
            self._parts.append(Part(name, started, ended, attributes))

    def close(self) -> list[Part]:
        """The request is over; its parts."""
        self._over = True
        return self._parts


of_request: ContextVar[Timeline | None] = ContextVar("timeline", default=None)
"""That of the request on whose behalf this is done, None where it is not traced."""


@contextmanager
def part(name: str, **attributes: int) -> Iterator[None]:
    """Keep the block as a part of the request, if it is traced."""
    timeline = of_request.get()
    if timeline is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        timeline.add(name, started, time.perf_counter(), **attributes)


class Trace(Protocol):
    """A request that is traced."""

    @property
    def trace_id(self) -> str:
        """Of the trace that it is part of: the caller's, if the caller has one."""
        ...

    @property
    def timeline(self) -> Timeline | None:
        """Where its parts are kept; None if it was not drawn to be sent."""
        ...

    def end(self, method: str, route: str, status: int) -> None:
        """The answer is out: hand it over. Never waits."""
        ...


class Tracer(Protocol):
    """Makes traces of requests and sends them, from a thread of its own."""

    def begin(self, headers: Mapping[str, str]) -> Trace:
        """A request comes; its ``traceparent`` may say of which trace it is part."""
        ...

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        ...

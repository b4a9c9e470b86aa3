"""How long each stage of a request took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.tracing.timeline import Timeline


class Stages:
    """The stages of one request and their milliseconds, in order."""

    def __init__(self, timeline: Timeline | None = None) -> None:
        """``timeline`` is that of the request, where it is traced."""
        self.milliseconds: dict[str, float] = {}
        self._timeline = timeline

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to stage ``name``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            ended = time.perf_counter()
            spent = (ended - started) * 1000
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent
            if self._timeline is not None:
                self._timeline.add(name, started, ended)

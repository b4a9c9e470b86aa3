"""One encoder in a process of its own: it is told a JSON line at a time what to encode, and answers
with a line of how long that took. It imports nothing that a peer's environment might lack.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

Settings = dict[str, Any]


class Encoder(Protocol):
    """An encoder, opened."""

    def given(self, texts: list[str]) -> Any:
        """What ``encode`` takes: whatever may be done before the clock starts."""

    def encode(self, given: Any) -> Any:
        """The texts' vectors, or the number of them. The clock runs."""


def answer(opened: Callable[..., Encoder]) -> None:
    """Answer until there are no more lines. An encoder is opened anew when the settings change."""
    answers = _stdout_for_the_answers_only()
    encoder, its_settings = None, None
    for line in sys.stdin:
        asked = json.loads(line)
        if encoder is None or asked["settings"] != its_settings:
            encoder, its_settings = opened(**asked["settings"]), asked["settings"]
        print(json.dumps(_timed(encoder, asked["texts"])), file=answers, flush=True)


def _timed(encoder: Encoder, texts: list[str]) -> dict[str, float]:
    given = encoder.given(texts)
    started, cpu_started = time.perf_counter(), time.process_time()
    vectors = encoder.encode(given)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    found = vectors if isinstance(vectors, int) else len(vectors)
    if found != len(texts):
        raise RuntimeError(f"{found} vectors for {len(texts)} texts")
    return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def _stdout_for_the_answers_only() -> TextIO:
    """The true stdout; from here on, whatever else is written to stdout goes to stderr."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(answers, "w")

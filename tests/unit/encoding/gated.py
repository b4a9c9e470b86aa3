"""A real encoder whose batches wait at a gate, so that a test can say what happens meanwhile."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from model_store.sessions import Device, Float32
from model_store.tokens import NewsTokens

DEADLINE_SECONDS = 60.0
TOO_HIGH = 10**6
POISON = "poison "
"""What a text begins with that ONNX Runtime refuses, and its batch with it: the rest of it is read,
but for one token that is in no vocabulary.
"""


@dataclass
class Gate:
    """Open at first. Keeps what passed: the titles' token ids of every batch."""

    passed: list[list[list[int]]] = field(default_factory=list)
    _reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._open.set()

    def shut(self) -> None:
        """Let no batch pass."""
        self._reached = threading.Semaphore(0)
        self._open.clear()

    def open(self) -> None:
        """Let all pass."""
        self._open.set()

    def wait_for_a_batch(self) -> None:
        """Until a batch stands at the gate, or another one."""
        assert self._reached.acquire(timeout=DEADLINE_SECONDS)

    def pass_through(self, tokens: Sequence[NewsTokens]) -> None:
        """What a batch does."""
        self._reached.release()
        assert self._open.wait(DEADLINE_SECONDS)
        self.passed.append([list(item.ids) for item in tokens])

    def opens(
        self, artefact: Artefact, precision: Precision, *, device: Device, threads: int
    ) -> NewsEncoder:
        """Load an encoder behind this gate."""
        gate = self

        class Gated(NewsEncoder):
            def tokens(self, news: Sequence[NewsInputs]) -> list[NewsTokens]:
                read = [replace(given, text=given.text.removeprefix(POISON)) for given in news]
                return [
                    replace(item, ids=[TOO_HIGH, *item.ids[1:]])
                    if given.text.startswith(POISON)
                    else item
                    for given, item in zip(news, super().tokens(read), strict=True)
                ]

            def run(self, tokens: Sequence[NewsTokens]) -> Float32:
                gate.pass_through(tokens)
                return super().run(tokens)

        return Gated(artefact, precision, device=device, threads=threads)

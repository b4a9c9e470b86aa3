"""Our engine as the service runs it: texts in, vectors out, tokenising included."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.encoders.answering import answer
from model_store.artefact import read
from model_store.inputs import NewsInputs
from service.encoding.engine import Engine
from service.encoding.loaded import LoadedEncoder
from service.ports import Vectors


@dataclass(frozen=True)
class Ours:
    """An engine that has loaded one artefact, and the event loop that its callers are in."""

    encoder: LoadedEncoder
    loop: asyncio.AbstractEventLoop

    @classmethod
    def opened(cls, folder: str) -> "Ours":
        """The encoder of the artefact in ``folder``, at the precision that its manifest chooses."""
        loop = asyncio.new_event_loop()
        engine = Engine("cpu", threads=0)
        return cls(loop.run_until_complete(engine.load(read(Path(folder)))), loop)

    def given(self, texts: Sequence[str]) -> list[NewsInputs]:
        """The texts as the pipeline hands them over."""
        return [NewsInputs(text) for text in texts]

    def encode(self, given: Sequence[NewsInputs]) -> Vectors:
        """The vectors, in order."""
        return self.loop.run_until_complete(self.encoder.encode(given))


if __name__ == "__main__":
    answer(Ours.opened)

"""ONNX Runtime and nothing else: the artefact's encoder file, texts tokenised before the clock
starts and sorted by length, in batches of one size.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from bench.encoders.answering import Settings, answer
from model_store import layout
from model_store.artefact import Artefact, read
from model_store.inputs import NewsInputs
from model_store.tokens import NewsTokens, Tokenising, padded
from service.encoding.cores import cores

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class RuntimeAlone:
    """A bare session, and as many threads that call it as it is to run batches at a time."""

    session: ort.InferenceSession
    callers: ThreadPoolExecutor
    tokenise: Tokenising
    batch_size: int

    def given(self, texts: Sequence[str]) -> list[Batch]:
        """The texts' tokens in batches, the shortest first."""
        tokens = sorted(self.tokenise([NewsInputs(text) for text in texts]), key=_length)
        names = [given.name for given in self.session.get_inputs()]
        return [
            {name: array for name, array in padded(batch).items() if name in names}
            for at in range(0, len(tokens), self.batch_size)
            if (batch := tokens[at : at + self.batch_size])
        ]

    def encode(self, given: Iterable[Batch]) -> int:
        """How many vectors there were."""
        return sum(self.callers.map(self._vectors, given))

    def _vectors(self, batch: Batch) -> int:
        return len(self.session.run(None, batch)[0])


def opened(
    folder: str, precision: str, batch_size: int, at_a_time: int, threads: int, spinning: bool
) -> RuntimeAlone:
    """The encoder of the artefact in ``folder``: so many batches at a time, each on so many
    threads. As in serving without the fused operator that makes it slower.
    """
    artefact = read(Path(folder))
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    session = ort.InferenceSession(
        str(artefact.path(layout.news_encoder(precision))),
        options,
        ["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],
    )
    callers = ThreadPoolExecutor(at_a_time)
    return RuntimeAlone(session, callers, Tokenising.of(artefact), batch_size)


def settings(artefact: Artefact, precision: str) -> list[Settings]:
    """What is tried: the best of these is what ONNX Runtime alone can do."""
    return [
        {
            "folder": str(artefact.folder),
            "precision": precision,
            "batch_size": size,
            "at_a_time": at_a_time,
            "threads": threads,
            "spinning": spinning,
        }
        for at_a_time, threads, spinning in (
            (1, cores(), True),
            (1, cores(), False),
            (cores(), 1, False),
        )
        for size in (16, 32, 64)
    ]


def _length(tokens: NewsTokens) -> int:
    return len(tokens.ids)


if __name__ == "__main__":
    answer(opened)

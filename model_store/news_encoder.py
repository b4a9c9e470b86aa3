"""Running an artefact's news encoder: news in, vectors out, with ONNX Runtime.

Shapes: N news, B batch, T tokens, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model_store import layout
from model_store.artefact import Artefact
from model_store.errors import Damaged
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.tokens import NewsTokens, Shape, Tokenising, batch_size, batches, padded

Float32 = NDArray[np.float32]


class NewsEncoder:
    """One precision of an artefact's news encoder, loaded and ready. Safe to share by threads."""

    def __init__(
        self, artefact: Artefact, precision: Precision, *, device: str = "cpu", threads: int = 0
    ) -> None:
        """Load the encoder on ``device`` (``cpu`` or ``cuda``); ``threads`` 0 means one per core.

        Raises Damaged if the artefact lacks the precision or a file does not load.
        """
        manifest = artefact.manifest
        file_name = layout.news_encoder(precision)
        if precision not in manifest.parity:
            raise Damaged(f"{artefact.folder} has no {precision} encoder")
        self.precision = precision
        self.dimension = manifest.dimension
        self._path = artefact.path(file_name)
        self._inputs = manifest.files[file_name].inputs
        self._session = open_session(self._path, device, threads)
        self._tokenise = Tokenising.of(artefact)

    def encode(self, news: Sequence[NewsInputs]) -> Float32:
        """The vectors (N×D) of the news, in order. A vector does not depend on the other news."""
        vectors_ND = np.empty((len(news), self.dimension), np.float32)
        tokens = self.tokens(news)
        for rows in batches([self.shape(item) for item in tokens]):
            vectors_ND[rows] = self.run([tokens[row] for row in rows])
        return vectors_ND

    def tokens(self, news: Sequence[NewsInputs]) -> list[NewsTokens]:
        """Each article's tokens, in order."""
        return self._tokenise(news)

    def shape(self, item: NewsTokens) -> Shape:
        """What news must have in common to go into one batch."""
        return item.shape

    def size(self, shape: Shape) -> int:
        """How much news of one shape a batch holds at most."""
        return batch_size(shape)

    def run(self, tokens: Sequence[NewsTokens]) -> Float32:
        """The vectors (B×D) of news of one shape, at most ``size`` of it. Raises Damaged."""
        # A text alone takes other kernels, whose last bits differ: it is given its own company.
        company = tokens if len(tokens) > 1 else [*tokens, *tokens]
        given = padded(company)
        (vectors_BD,) = self._session.run(None, {name: given[name] for name in self._inputs})
        if vectors_BD.shape != (len(company), self.dimension):
            raise Damaged(
                f"{self._path} gave vectors of shape {vectors_BD.shape} "
                f"for {len(company)} texts of {self.dimension} dimensions"
            )
        vectors: Float32 = vectors_BD[: len(tokens)]
        return vectors


def open_session(path: Path, device: str = "cpu", threads: int = 0) -> ort.InferenceSession:
    """An ONNX file, loaded as serving runs it. Raises Damaged if it does not load."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Spinning threads would take the cores from the requests between two batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CUDAExecutionProvider"] if device == "cuda" else []
    # On a CPU the fused operator takes four times as long as the two that it replaces.
    disabled = None if device == "cuda" else ["SkipLayerNormFusion"]
    try:
        return ort.InferenceSession(
            str(path), options, [*providers, "CPUExecutionProvider"], disabled_optimizers=disabled
        )
    except Exception as error:
        raise Damaged(f"{path} does not load: {error}") from error

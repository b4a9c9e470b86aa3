"""Running an artefact's news encoder: news in, vectors out, with ONNX Runtime.

Shapes: N news, B batch, T tokens, D dimensions.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from model_store import layout
from model_store.artefact import Artefact
from model_store.batching import Batching, Buckets, Exact
from model_store.errors import Damaged
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.sessions import Bound, Device, Float32, Plain, Run, open_session
from model_store.tokens import NewsTokens, Shape, Tokenising, batches


class NewsEncoder:
    """One precision of an artefact's news encoder, loaded and ready. Safe to share by threads."""

    def __init__(
        self,
        artefact: Artefact,
        precision: Precision,
        *,
        device: Device = "cpu",
        threads: int = 0,
        buckets: Buckets | None = None,
    ) -> None:
        """Load the encoder on ``device``; ``threads`` 0 means one per core. On a GPU batches are
        made by ``buckets``, those of the artefact if left out; on a CPU only if they are given.

        Raises Damaged if the artefact lacks the precision or a file does not load, NoGpu.
        """
        manifest = artefact.manifest
        file_name = layout.news_encoder(precision)
        if precision not in manifest.parity:
            others = ", ".join(manifest.parity)
            raise Damaged(f"{artefact.folder} has no {precision} encoder, only {others}")
        self.precision = precision
        self.dimension = manifest.dimension
        self._path = artefact.path(file_name)
        inputs = manifest.files[file_name].inputs
        session = open_session(self._path, device, threads)
        if buckets is None and device == "cuda":
            buckets = Buckets.of(manifest)
        self._batching: Batching = Exact.of(manifest) if buckets is None else buckets
        self._run: Run = (
            Plain(session, inputs) if buckets is None else Bound(session, inputs, device)
        )
        self._tokenise = Tokenising.of(artefact)

    def encode(self, news: Sequence[NewsInputs]) -> Float32:
        """The vectors (N×D) of the news, in order. A vector does not depend on the other news."""
        vectors_ND = np.empty((len(news), self.dimension), np.float32)
        tokens = self.tokens(news)
        for rows in batches([self.shape(item) for item in tokens], self.size):
            vectors_ND[rows] = self.run([tokens[row] for row in rows])
        return vectors_ND

    def tokens(self, news: Sequence[NewsInputs]) -> list[NewsTokens]:
        """Each article's tokens, in order."""
        return self._tokenise(news)

    def shape(self, item: NewsTokens) -> Shape:
        """What news must have in common to go into one batch."""
        return self._batching.shape(item)

    def size(self, shape: Shape) -> int:
        """How much news of one shape a batch holds at most."""
        return self._batching.size(shape)

    def blanks(self) -> Iterator[list[NewsTokens]]:
        """News of no meaning, in the batches that are to be run once before the first request."""
        for rows, (text, abstract) in self._batching.shapes():
            yield [NewsTokens([0] * text, [0] * abstract, 0, 0)] * rows

    def run(self, tokens: Sequence[NewsTokens]) -> Float32:
        """The vectors (B×D) of news of one shape, at most ``size`` of it. Raises Damaged."""
        given = self._batching.filled(tokens)
        vectors_BD = self._run(given)
        rows = len(given["input_ids"])
        if vectors_BD.shape != (rows, self.dimension):
            raise Damaged(
                f"{self._path} gave vectors of shape {vectors_BD.shape} "
                f"for {rows} texts of {self.dimension} dimensions"
            )
        return vectors_BD[: len(tokens)]

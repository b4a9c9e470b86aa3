"""Vectors of tokenised news, by torch and by an ONNX file, in the same batches.

Shapes: N news, B batch, T tokens, D dimensions.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model_store.sessions import open_session
from model_store.tokens import NewsTokens, batches, padded
from training.export.graph import NewsVectors
from training.progress import tracked

Float32 = NDArray[np.float32]
Run = Callable[[Sequence[NewsTokens]], Float32]
"""A batch of tokenised news in, one vector each out: ``run(tokens_B) -> vectors_BD``."""


def in_torch(vectors: NewsVectors) -> Run:
    """The module as it stands."""

    def run(tokens: Sequence[NewsTokens]) -> Float32:
        given = padded(tokens)
        with torch.inference_mode():
            tensors = [torch.from_numpy(given[name]) for name in vectors.inputs]
            vectors_BD: Float32 = vectors(*tensors).numpy()
        return vectors_BD

    return run


def in_onnx(path: Path) -> Run:
    """An ONNX file, loaded as serving loads it. Raises Damaged if it does not load."""
    session = open_session(path)

    names = [given.name for given in session.get_inputs()]

    def run(tokens: Sequence[NewsTokens]) -> Float32:
        given = padded(tokens)
        vectors_BD: Float32 = session.run(None, {name: given[name] for name in names})[0]
        return vectors_BD

    return run


def encode(run: Run, news: Sequence[NewsTokens], what: str) -> Float32:
    """The vectors (N×D) of the news, in order; ``what`` stands beside the progress bar."""
    rows_of_batches = list(batches([item.shape for item in news]))
    vectors_of_batches = [
        run([news[row] for row in rows]) for rows in tracked(rows_of_batches, what)
    ]
    order_N = np.concatenate([np.array(rows) for rows in rows_of_batches])
    vectors_ND = np.concatenate(vectors_of_batches)
    in_order_ND = np.empty_like(vectors_ND)
    in_order_ND[order_N] = vectors_ND
    return in_order_ND

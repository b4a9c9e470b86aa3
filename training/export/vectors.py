"""Vectors of tokenised texts, by torch and by an ONNX file, in the same batches.

Shapes: N texts, B batch, T tokens, D dimensions.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding

from model_store.news_encoder import batches, open_session, pad
from training.export.graph import INPUTS, NewsVectors
from training.progress import tracked

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Run = Callable[[Int64, Int64], Float32]
"""Token ids and mask in, one vector a text out: ``run(input_ids_BT, mask_BT) -> vectors_BD``."""


def in_torch(vectors: NewsVectors) -> Run:
    """The module as it stands."""

    def run(input_ids_BT: Int64, attention_mask_BT: Int64) -> Float32:
        with torch.inference_mode():
            given = torch.from_numpy(input_ids_BT), torch.from_numpy(attention_mask_BT)
            vectors_BD: Float32 = vectors(*given).numpy()
        return vectors_BD

    return run


def in_onnx(path: Path) -> Run:
    """An ONNX file, loaded as serving loads it. Raises Damaged if it does not load."""
    session = open_session(path)

    def run(input_ids_BT: Int64, attention_mask_BT: Int64) -> Float32:
        given = dict(zip(INPUTS, (input_ids_BT, attention_mask_BT), strict=True))
        vectors_BD: Float32 = session.run(None, given)[0]
        return vectors_BD

    return run


def encode(run: Run, texts: Sequence[Encoding], what: str) -> Float32:
    """The vectors (N×D) of the texts, in order; ``what`` stands beside the progress bar."""
    rows_of_batches = list(batches([len(text.ids) for text in texts]))
    vectors_of_batches = [
        run(*pad([texts[row] for row in rows])) for rows in tracked(rows_of_batches, what)
    ]
    order_N = np.concatenate([np.array(rows) for rows in rows_of_batches])
    vectors_ND = np.concatenate(vectors_of_batches)
    in_order_ND = np.empty_like(vectors_ND)
    in_order_ND[order_N] = vectors_ND
    return in_order_ND

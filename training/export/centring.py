"""Centring: minus the mean vector of the kind of news that will be served.

An encoder's vectors share a large common part that tells no two articles apart. Without it a
reader's mean vector points where their interests differ from everyone's.

Shapes: N texts, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.tokens import NewsTokens
from training.errors import ExportFailed
from training.export.graph import set_centre
from training.export.parity import cosines
from training.export.vectors import encode, in_onnx

CHECKED_TEXTS: Final = 64
CHECKED_COSINE: Final = 0.9999

Float32 = NDArray[np.float32]


def centred(vectors_ND: Float32, centre_D: Float32, *, normalised: bool) -> Float32:
    """The vectors (N×D) minus the centre (D,), normalised again if they are normalised."""
    moved_ND: Float32 = vectors_ND - centre_D
    if not normalised:
        return moved_ND
    lengths_N1 = np.linalg.norm(moved_ND, axis=1, keepdims=True)
    unit_ND: Float32 = moved_ND / np.maximum(lengths_N1, 1e-12)
    return unit_ND


def centre_file(path: Path, texts: Sequence[NewsTokens], *, normalised: bool) -> None:
    """Let the ONNX file, whose centre is zero, subtract its own mean vector over the texts.

    The mean is the file's own, so that a shift which rounding to eight bits gave all its vectors
    goes with it. Raises ExportFailed if the file does not give centred vectors afterwards.
    """
    before_ND = encode(in_onnx(path), texts, f"Centring {path.name}")
    centre_D = before_ND.mean(axis=0, dtype=np.float64).astype(np.float32)
    set_centre(path, centre_D)
    after_ND = encode(in_onnx(path), texts[:CHECKED_TEXTS], f"Checking {path.name}")
    expected_ND = centred(before_ND[:CHECKED_TEXTS], centre_D, normalised=normalised)
    if not cosines(after_ND, expected_ND).min() >= CHECKED_COSINE:
        raise ExportFailed(f"{path.name} does not subtract the centre that it was given")

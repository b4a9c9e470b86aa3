"""Parallel retrieval: is a sentence's translation the nearest of all?

Shapes: N sentences, D dimensions.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def parallel_retrieval(first_ND: Floats, second_ND: Floats) -> float:
    """The share of sentences whose translation has the greatest cosine with them, looked for from
    either side; row ``n`` of both is the same sentence. A tie goes to the first row.
    """
    first_ND, second_ND = _unit(first_ND), _unit(second_ND)
    cosines_NN = first_ND @ second_ND.T
    row_N = np.arange(len(cosines_NN))
    there = (cosines_NN.argmax(axis=1) == row_N).mean()
    back = (cosines_NN.argmax(axis=0) == row_N).mean()
    return float(there + back) / 2


def _unit(vectors_ND: Floats) -> NDArray[np.float64]:
    vectors = vectors_ND.astype(np.float64)
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit

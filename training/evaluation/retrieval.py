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
    return float(retrieved(first_ND, second_ND).mean())


def retrieved(first_ND: Floats, second_ND: Floats) -> NDArray[np.float64]:
    """The same of each sentence (N): 1 if it was found from both sides, ½ from one, 0 from none."""
    first_ND, second_ND = _unit(first_ND), _unit(second_ND)
    cosines_NN = first_ND @ second_ND.T
    row_N = np.arange(len(cosines_NN))
    there_N = cosines_NN.argmax(axis=1) == row_N
    back_N = cosines_NN.argmax(axis=0) == row_N
    found_N: NDArray[np.float64] = (there_N.astype(np.float64) + back_N) / 2
    return found_N


def _unit(vectors_ND: Floats) -> NDArray[np.float64]:
    vectors = vectors_ND.astype(np.float64)
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit

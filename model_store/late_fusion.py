"""Late fusion: a reader is the mean of the articles they clicked (NaSE, arXiv 2406.12634).

    score_C = (1/H) Σᵢ candidates_CD · history_HD[i] = candidates_CD · mean(history_HD)

so one dot product with the mean is exact, for scoring and for retrieval by inner product.

The mean is kept in float16, as the service stores it, and every score is computed from that
stored vector, in float64: two articles with equal vectors then get equal scores, whatever stands
beside them in the matrix, and offline evaluation sees the very numbers that are served.

Shapes: C candidates, H history, D dimensions.
"""

import numpy as np
from numpy.typing import NDArray

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]


def history_vector(history_HD: Float16) -> Float16:
    """The reader's vector (D,): the mean of their clicked articles' vectors (H×D, H ≥ 1).

    The same article clicked twice is two rows. Raises ValueError for an empty history.
    """
    if not len(history_HD):
        raise ValueError("an empty history has no vector")
    mean_D: Float16 = history_HD.mean(axis=0, dtype=np.float64).astype(np.float16)
    return mean_D


def scores(candidates_CD: Float16, user_D: Float16) -> Float64:
    """The relevance (C,) of every candidate (C×D) to the reader's vector (D,)."""
    relevance_C: Float64 = candidates_CD.astype(np.float64) @ user_D.astype(np.float64)
    return relevance_C


def contributions(candidate_D: Float16, history_HD: Float16) -> Float64:
    """Each click's part (H,) in the candidate's relevance: cᵀnᵢ / H, negative or not.

    They sum to ``scores`` of the same reader: what rounding the mean to float16 changed (below
    1e-4) is spread evenly over the clicks.
    """
    terms_H = scores(history_HD, candidate_D) / len(history_HD)
    relevance = scores(candidate_D[np.newaxis], history_vector(history_HD))[0]
    exact_H: Float64 = terms_H + (relevance - terms_H.sum()) / len(history_HD)
    return exact_H

"""Diversity by maximal marginal relevance (Carbonell and Goldstein, 1998).

Shapes: C candidates, D dimensions.
"""

import numpy as np
from numpy.typing import NDArray

from service.ports import Vectors


def diversify(
    scores_C: NDArray[np.float64], vectors_CD: Vectors, limit: int, diversity: float
) -> NDArray[np.int64]:
    """Positions of ``limit`` candidates in the order in which they are shown.

    Each next one maximises (1 − d)·score − d·(highest cosine to those chosen before), scores
    stretched to 0–1 over the candidates. ``diversity`` d = 0 is the order of the scores; ties
    keep the candidates' order. Vectors are taken as unit vectors.
    """
    by_score = np.argsort(-scores_C, kind="stable")[: max(limit, 0)]
    if diversity == 0 or len(by_score) < 2:
        return by_score
    return _marginal(_stretched(scores_C), vectors_CD.astype(np.float32), len(by_score), diversity)


def _marginal(
    scores_C: NDArray[np.float64], vectors_CD: NDArray[np.float32], limit: int, diversity: float
) -> NDArray[np.int64]:
    relevance_C = (1 - diversity) * scores_C
    nearest_C = np.full(len(scores_C), -1.0, np.float32)
    chosen = np.empty(limit, np.int64)
    for place in range(limit):
        gain_C = relevance_C - diversity * nearest_C
        best = int(np.argmax(gain_C))
        chosen[place] = best
        relevance_C[best] = -np.inf
        np.maximum(nearest_C, vectors_CD @ vectors_CD[best], out=nearest_C)
    return chosen


def _stretched(scores_C: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = scores_C.min(), scores_C.max()
    return (scores_C - low) / (high - low) if high > low else np.zeros_like(scores_C)

"""What a reader disliked or hid speaks against what is like it, less so as time passes.

Shapes: C candidates, K dislikes, D dimensions.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def fading(age_days_K: Float64, half_life_days: float) -> Float64:
    """2^(−age / half-life) in (0, 1]."""
    faded_K: Float64 = np.exp2(-np.maximum(age_days_K, 0.0) / half_life_days)
    return faded_K


def dislike(directions_CD: Float64, disliked_KD: Float64, fading_K: Float64) -> Float64:
    """The highest of fading · cosine over the dislikes (K ≥ 1), at least 0."""
    against_CK = (directions_CD @ disliked_KD.T) * fading_K
    against_C: Float64 = np.maximum(against_CK.max(axis=1), 0.0)
    return against_C

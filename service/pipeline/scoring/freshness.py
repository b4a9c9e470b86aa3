"""News ages."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def freshness(age_hours_C: Float64, half_life_hours_C: Float64) -> Float64:
    """2^(−age / half-life) in (0, 1], halved by every half-life; what is dated ahead is new."""
    decayed_C: Float64 = np.exp2(-np.maximum(age_hours_C, 0.0) / half_life_hours_C)
    return decayed_C

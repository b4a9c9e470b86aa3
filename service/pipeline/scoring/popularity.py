"""The popularity prior."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def popularity(heat_C: Float64, highest: float) -> Float64:
    """ln(1 + heat) / ln(1 + highest) in [0, 1]; nothing is popular where nothing is read."""
    if highest <= 0:
        return np.zeros(len(heat_C))
    prior_C: Float64 = np.minimum(np.log1p(heat_C) / np.log1p(highest), 1.0)
    return prior_C

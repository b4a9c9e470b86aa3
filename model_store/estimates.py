"""What is said of many measured values: their mean, how sure it is, and of how many.

Shapes: I measured values.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error, which takes the values as independent."""

    mean: float
    standard_error: float
    count: int

    @classmethod
    def of(cls, values_I: Float64) -> "Estimate":
        """The mean of at least one value; the standard error of a single one is 0."""
        count = len(values_I)
        spread = float(values_I.std(ddof=1)) if count > 1 else 0.0
        return cls(float(values_I.mean()), spread / count**0.5, count)

    @classmethod
    def of_difference(cls, ours_I: Float64, theirs_I: Float64) -> "Estimate":
        """The mean of ours − theirs, paired: the values at one place measure the same thing.

        Raises ValueError where the two are not of one length.
        """
        if len(ours_I) != len(theirs_I):
            raise ValueError(f"{len(ours_I)} values cannot be paired with {len(theirs_I)}")
        return cls.of(ours_I - theirs_I)

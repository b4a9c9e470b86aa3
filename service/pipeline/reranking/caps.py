"""Caps: no source, author or category takes more than its share of a page.

Shapes: C candidates.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.catalogue.columns import NONE
from service.ports import Mask

Codes = NDArray[np.int32]


@dataclass(slots=True)
class Cap:
    """At most ``most`` of each code; candidates without a code are never capped."""

    codes_C: Codes
    most: int
    counts: dict[int, int]

    @classmethod
    def of(cls, codes_C: Codes, share: float, limit: int) -> "Cap":
        """A cap of a share of a page of ``limit`` places, rounded up."""
        return cls(codes_C, math.ceil(share * limit), {})

    def count(self, position: int) -> Mask | None:
        """Take the candidate; which candidates (C,) its value now shuts out, None if none."""
        code = int(self.codes_C[position])
        if code == NONE:
            return None
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] < self.most:
            return None
        full_C: Mask = self.codes_C == code
        return full_C

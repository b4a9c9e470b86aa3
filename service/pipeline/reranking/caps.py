"""Caps: no source, author or category takes more than its share of a page.

Shapes: C candidates.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.columns import NONE
from service.ports import Mask

Codes = NDArray[np.int32]
NOTHING: Final = np.empty(0, np.int32)
ROUNDING: Final = 1e-9
"""0.07 · 100 is 7, though not in binary."""


@dataclass(slots=True)
class Cap:
    """At most ``most`` of each code; candidates without a code are never capped."""

    codes_C: Codes
    most: int
    counts: Counter[int]

    @classmethod
    def of(cls, codes_C: Codes, share: float, limit: int, taken: Codes = NOTHING) -> "Cap":
        """A cap of a share of a page of ``limit`` places, rounded up; some are ``taken`` already,
        by these codes.
        """
        return cls(codes_C, math.ceil(share * limit - ROUNDING), Counter(taken.tolist()))

    def full(self) -> Mask:
        """Which candidates (C,) are shut out from the beginning."""
        codes = [code for code, count in self.counts.items() if code != NONE and count >= self.most]
        full_C: Mask = np.isin(self.codes_C, codes)
        return full_C

    def count(self, position: int) -> Mask | None:
        """Take the candidate; which candidates (C,) its value now shuts out, None if none."""
        code = int(self.codes_C[position])
        if code == NONE:
            return None
        self.counts[code] += 1
        if self.counts[code] < self.most:
            return None
        full_C: Mask = self.codes_C == code
        return full_C

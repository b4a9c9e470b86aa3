"""Calibration: a list's mix of categories should resemble the reader's own.

Steck, *Calibrated Recommendations*, RecSys 2018: a greedy list that gives up score for a smaller
Kullback–Leibler divergence KL(p ‖ q̃) of the list's mix q from the reader's p, where
q̃ = (1 − α)·q + α·p, α = 0.01, keeps it finite.

Shapes: C candidates, G categories (the last stands for none).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Codes = NDArray[np.int32]
NOTHING: Final = np.empty(0, np.int32)
ALPHA: Final = 0.01


class Calibration:
    """Follows the mix of a list that grows by one."""

    def __init__(self, codes_C: Codes, own_mix_G: Float64, taken: Codes = NOTHING) -> None:
        """``taken``: the codes of what stands in the list already."""
        self._codes_C = codes_C
        self._own_G = own_mix_G
        self._counts_G = np.zeros(len(own_mix_G))
        np.add.at(self._counts_G, taken, 1)

    def gain(self) -> Float64:
        """By how much less (C,) the list would diverge with each candidate added, up to a
        constant that is the same for all.
        """
        size = self._counts_G.sum() + 1
        gain_G = self._own_G * (
            np.log(self._smoothed((self._counts_G + 1) / size))
            - np.log(self._smoothed(self._counts_G / size))
        )
        gain_C: Float64 = gain_G[self._codes_C]
        return gain_C

    def count(self, position: int) -> None:
        """Add the candidate to the list."""
        self._counts_G[self._codes_C[position]] += 1

    def divergence(self) -> float:
        """KL(p ‖ q̃) of the list so far; 0 where the reader's mix is unknown."""
        shares_G = self._counts_G / max(self._counts_G.sum(), 1)
        wanted = self._own_G > 0
        own, smoothed = self._own_G[wanted], self._smoothed(shares_G)[wanted]
        return float((own * np.log(own / smoothed)).sum())

    def _smoothed(self, shares_G: Float64) -> Float64:
        smoothed_G: Float64 = (1 - ALPHA) * shares_G + ALPHA * self._own_G
        return np.where(self._own_G > 0, smoothed_G, 1.0)

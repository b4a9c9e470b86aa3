"""Which texts may be alike, without comparing all with all (Broder, 1997; Indyk and Motwani, 1998).

Under a random order of all shingles, two sets begin with the same one with a probability of
their Jaccard similarity J. A signature holds what a set begins with under P orders; cut into B
bands of R, two signatures share a band with probability 1 − (1 − Jᴿ)ᴮ.

Legend: N texts, S shingles of all of them, P permutations, B bands, R rows of a band.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.ragged import Ragged

PERMUTATIONS: Final = 128
MISSED: Final = 1e-4
"""Of pairs exactly at the threshold, at most so many are not found."""
SEED: Final = 2406_12634

UInt64 = NDArray[np.uint64]


@dataclass(frozen=True)
class Banding:
    """How a signature is cut: ``bands`` of ``rows`` values each."""

    bands: int
    rows: int

    def found(self, similarity: float) -> float:
        """The probability that two texts this similar share a band: 1 − (1 − Jᴿ)ᴮ."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)


def banding(threshold: float) -> Banding:
    """The longest bands that miss at most ``MISSED`` of the pairs at the threshold.

    Longer bands are shared by fewer texts that are not alike. Where no bands are as good (below a
    similarity of 0.07), those that miss least.
    """
    cuts = [Banding(PERMUTATIONS // rows, rows) for rows in range(PERMUTATIONS, 0, -1)]
    return next((cut for cut in cuts if 1 - cut.found(threshold) <= MISSED), cuts[-1])


def signatures(shingles_NS: Ragged) -> UInt64:
    """The least value of each text's shingles under every permutation (N, P).

    Two texts agree in a share of the P that estimates their Jaccard similarity with a standard
    error of √(J(1 − J) / P). No list may be empty.
    """
    values_S = shingles_NS.values.astype(np.uint64)
    starts_N = shingles_NS.starts[:-1]
    factors_P, offsets_P = _permutations()
    least_NP = np.empty((len(shingles_NS), PERMUTATIONS), np.uint64)
    for column in range(PERMUTATIONS if len(starts_N) else 0):
        # multiply, add, keep the upper bits: the lower ones of a product are not random enough
        mixed_S = (values_S * factors_P[column] + offsets_P[column]) >> np.uint64(32)
        least_NP[:, column] = np.minimum.reduceat(mixed_S, starts_N)
    return least_NP


def band_keys(signatures_NP: UInt64, cut: Banding) -> UInt64:
    """A number for each band (N, B): equal where the bands are."""
    factors_P, _ = _permutations()
    used = cut.bands * cut.rows
    weighted_NP = signatures_NP[:, :used] * factors_P[:used]
    keys_NB: UInt64 = weighted_NP.reshape(-1, cut.bands, cut.rows).sum(axis=2, dtype=np.uint64)
    return keys_NB


def _permutations() -> tuple[UInt64, UInt64]:
    """Odd factors and offsets (P,) of x ↦ ax + b modulo 2⁶⁴."""
    random = np.random.default_rng(SEED)
    factors_P, offsets_P = random.integers(0, 2**64, (2, PERMUTATIONS), dtype=np.uint64)
    return factors_P | np.uint64(1), offsets_P

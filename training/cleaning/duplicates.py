"""What has been said before: the first of several alike stays.

Legend: N texts, B bands.
"""

import math
from collections import defaultdict
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.cleaning.minhash import UInt64, band_keys, banding, signatures
from training.cleaning.shingles import by_rarity, jaccard, shingles
from training.data.ragged import Ragged

AT_ONCE: Final = 20_000
"""Texts whose shingles are in memory together; of all others only the band keys are."""


def repeats(texts: pl.Series) -> pl.Series:
    """Which are the same, to the letter, as an earlier one."""
    return ~texts.is_first_distinct()


def near_duplicates(texts: pl.Series, threshold: float, shingle: int) -> pl.Series:
    """Which have a Jaccard similarity of ``threshold`` or more to an earlier one that stays.

    Compared are runs of ``shingle`` words. A text like one that went, but like none that stayed,
    stays. None goes that is not so similar; of those that are just so similar, ``minhash``
    overlooks one in 10,000, of more similar ones fewer.
    """
    suspects = _suspects(texts, threshold, shingle)
    gone_N = np.zeros(len(texts), bool)
    gone_N[suspects[_alike(shingles(texts.gather(suspects), shingle), threshold)]] = True
    return pl.Series(gone_N)


def _suspects(texts: pl.Series, threshold: float, shingle: int) -> NDArray[np.intp]:
    """Those that share a band with another; all others are alone."""
    cut = banding(threshold)
    keys_NB = np.empty((len(texts), cut.bands), np.uint64)
    for start in range(0, len(texts), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        keys_NB[some] = band_keys(signatures(shingles(texts[some], shingle)), cut)
    shared_N = np.zeros(len(texts), bool)
    for band in range(cut.bands):
        shared_N |= _twice(keys_NB[:, band])
    return np.flatnonzero(shared_N)


def _twice(keys_N: UInt64) -> NDArray[np.bool_]:
    """Which occur more than once."""
    order = np.argsort(keys_N)
    same = keys_N[order[1:]] == keys_N[order[:-1]]
    twice_N = np.zeros(len(keys_N), bool)
    twice_N[order[1:][same]] = True
    twice_N[order[:-1][same]] = True
    return twice_N


def _alike(grams: Ragged, threshold: float) -> list[int]:
    """Of so many texts' shingles, those like earlier ones that are not alike themselves.

    Two that are alike have one in common among the few rarest of each (Chaudhuri et al., *A
    Primitive Operator for Similarity Joins*, 2006), so that texts after one pattern, which share
    bands by the thousand, need not all be compared.
    """
    ranked = by_rarity(grams)
    stayed: dict[int, list[int]] = defaultdict(list)
    gone = []
    for place in range(len(ranked)):
        own = np.unique(ranked[place])
        in_common = math.ceil(threshold * len(own) - 1e-9)  # of every text like this one
        rarest = own[: len(own) - in_common + 1].tolist()
        rivals = sorted({rival for gram in rarest for rival in stayed[gram]})
        if any(jaccard(own, ranked[rival]) >= threshold for rival in rivals):
            gone.append(place)
        else:
            for gram in rarest:
                stayed[gram].append(place)
    return gone

"""What a model's lists are like, beside how well they are ordered.

The lists are the ten best of what each impression showed, so that two models choose from the same
news. Accuracy alone rewards ten versions of one story, and the same ten for everyone:

coverage      the share of all news shown that any list holds
diversity     the mean of 1 − cosine over a list's pairs (Ziegler et al., WWW 2005)
novelty       the mean of −log₂ of an item's share of earlier clicks, with one click added to all
              news (Zhou et al., PNAS 2010)

Shapes: I impressions, S candidates of all of them, N news, D dimensions, L listed in all.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog
from training.data.ragged import Ragged

Float64 = NDArray[np.float64]
Vectors = NDArray[np.floating]

LIST_LENGTH: Final = 10
CHUNK: Final = 1 << 8
"""Lists whose vectors are gathered at once: few enough that they stay in the cache."""
NO_LENGTH: Final = 1e-12


def beyond_accuracy(
    log: ImpressionLog,
    scores_S: Float64,
    vectors_ND: Vectors | None = None,
    prior: ImpressionLog | None = None,
) -> Mapping[str, float]:
    """Each measure of the lists that the scores make; one that cannot be taken is left out.

    ``vectors_ND`` are of any length, by the news table's rows; without them there is no diversity,
    and without an earlier log ``prior`` no novelty. Raises ValueError for logs over two tables.
    """
    lists = top_lists(log, scores_S)
    taken = {
        "coverage": coverage(lists, log),
        "diversity": None if vectors_ND is None else diversity(lists, vectors_ND),
        "novelty": novelty(lists, log, prior),
    }
    return {name: measure for name, measure in taken.items() if measure is not None}


def top_lists(log: ImpressionLog, scores_S: Float64, length: int = LIST_LENGTH) -> Ragged:
    """The news rows of each impression's best candidates, the best last; of a tie, the later."""
    impression_S = np.repeat(np.arange(len(log)), log.candidates.lengths)
    order_S = np.lexsort((scores_S, impression_S))
    return Ragged(log.candidates.values[order_S], log.candidates.starts).last(length)


def coverage(lists: Ragged, log: ImpressionLog) -> float | None:
    """The share, in (0, 1], of the log's candidates that any list holds; None if it has none."""
    shown = len(np.unique(log.candidates.values))
    return len(np.unique(lists.values)) / shown if shown else None


def diversity(lists: Ragged, vectors_ND: Vectors) -> float | None:
    """The mean over lists of the mean of 1 − cosine over their pairs, in [0, 2].

    Lists of one item have no pair and do not count; None if there are no others.
    """
    lengths_N = np.linalg.norm(vectors_ND.astype(np.float32), axis=1, keepdims=True)
    unit_ND = vectors_ND / np.maximum(lengths_N, NO_LENGTH)
    paired = np.flatnonzero(lists.lengths > 1)
    chunks = [
        _diversities(lists.take(paired[start : start + CHUNK]), unit_ND)
        for start in range(0, len(paired), CHUNK)
    ]
    return float(np.concatenate(chunks).mean()) if chunks else None


def novelty(lists: Ragged, log: ImpressionLog, prior: ImpressionLog | None) -> float | None:
    """The mean over lists of the mean of −log₂ (clicks + 1) / (all clicks + N), in bits.

    The clicks are those of ``prior``, a log of an earlier time; None without one, or without a
    list. Raises ValueError where it is not over the log's news table.
    """
    if prior is None or not len(lists.values):
        return None
    if prior.news is not log.news:
        raise ValueError("the logs are not over one news table")
    clicks_N = np.bincount(prior.clicks.values, minlength=len(log.news))
    bits_N = -np.log2((clicks_N + 1) / (clicks_N.sum() + len(clicks_N)))
    filled = lists.lengths[lists.lengths > 0]
    means = np.add.reduceat(bits_N[lists.values], np.cumsum(filled) - filled) / filled
    return float(means.mean())


def _diversities(lists: Ragged, unit_ND: Vectors) -> Float64:
    """Of every list of n ≥ 2 unit vectors: 1 − (|Σu|² − Σ|u|²) / (n(n − 1))."""
    unit_LD = unit_ND[lists.values]
    sums_ID = np.add.reduceat(unit_LD, lists.starts[:-1], axis=0)
    own_I = np.add.reduceat(np.einsum("ld,ld->l", unit_LD, unit_LD), lists.starts[:-1])
    together_I = np.einsum("id,id->i", sums_ID, sums_ID) - own_I
    return np.asarray(1 - together_I / (lists.lengths * (lists.lengths - 1)), np.float64)

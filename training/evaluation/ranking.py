"""The metrics of ``model_store.metrics`` for many impressions at once.

The definitions, and the rule for ties, are the ones that stand there, of one impression and to be
read first; here they are flat arrays' work, some twenty times as fast, and a property test holds
the two together. Each needs no more than where the clicks stand.

Shapes: I impressions, S candidates of all of them, K clicks of all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.ragged import Int64

Float64 = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Clicks:
    """Where the clicked candidates stand in the orders of I impressions that each have both."""

    impression_K: Int64
    """Whose click it is, from 0, in ascending order."""
    ranks_K: Int64
    """From 1, in ascending order within an impression; behind all others of equal score."""
    won_K: Float64
    """How many of the candidates that were not clicked score less; those that tie count half."""
    clicked_I: Int64
    others_I: Int64

    def sums(self, values_K: Float64) -> Float64:
        """The sum over each impression's clicks (I,)."""
        sums_I = np.bincount(self.impression_K, values_K, minlength=len(self.clicked_I))
        return sums_I.astype(np.float64)


FlatMetric = Callable[[Clicks], Float64]


def clicks_in_order(lengths_I: Int64, scores_S: Float64, clicked_S: Booleans) -> Clicks:
    """Rank the candidates of every impression, the highest score first.

    ``lengths_I`` says how many of the S candidates each impression has, one after the other.
    """
    impression_S = np.repeat(np.arange(len(lengths_I)), lengths_I)
    order_S = np.lexsort((clicked_S, -scores_S, impression_S))
    ranked_S, places_K = scores_S[order_S], np.flatnonzero(clicked_S[order_S])
    impression_K = impression_S[places_K]
    clicked_I = np.bincount(impression_K, minlength=len(lengths_I))
    others_I = lengths_I - clicked_I
    starts_I = np.cumsum(lengths_I) - lengths_I
    ranks_K = places_K - starts_I[impression_K] + 1
    clicks_before_K = np.arange(len(places_K)) - (np.cumsum(clicked_I) - clicked_I)[impression_K]
    not_below_K = ranks_K - 1 - clicks_before_K
    tied_K = _tied_others(impression_S, ranked_S, clicked_S[order_S])[places_K]
    won_K = others_I[impression_K] - not_below_K + tied_K / 2
    return Clicks(impression_K, ranks_K, won_K, clicked_I, others_I)


def auc(clicks: Clicks) -> Float64:
    """The share of pairs of a clicked and another candidate that are in order (I,)."""
    return clicks.sums(clicks.won_K) / (clicks.clicked_I * clicks.others_I)


def mrr(clicks: Clicks) -> Float64:
    """The mean of 1/rank over all clicked candidates (I,)."""
    return clicks.sums(1 / clicks.ranks_K) / clicks.clicked_I


def first_mrr(clicks: Clicks) -> Float64:
    """1/rank of the first clicked candidate (I,)."""
    firsts_I = np.cumsum(clicks.clicked_I) - clicks.clicked_I
    return np.asarray(1 / clicks.ranks_K[firsts_I])


def ndcg(clicks: Clicks, k: int) -> Float64:
    """Normalised discounted cumulative gain of the first ``k`` (I,), where a click's gain is 1."""
    gains_K = np.where(clicks.ranks_K <= k, 1 / np.log2(clicks.ranks_K + 1), 0.0)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    return np.asarray(clicks.sums(gains_K) / ideal[np.minimum(clicks.clicked_I, k) - 1])


FLAT_METRICS: Final[Mapping[str, FlatMetric]] = {
    "auc": auc,
    "mrr": mrr,
    "ndcg@5": partial(ndcg, k=5),
    "ndcg@10": partial(ndcg, k=10),
    "mrr_first": first_mrr,
}
"""Those of ``model_store.metrics``, ``METRICS`` first and ``FURTHER_METRICS`` behind them."""


def _tied_others(impression_S: Int64, ranked_S: Float64, clicked_S: Booleans) -> Float64:
    """How many that were not clicked share each candidate's score, in ranked order."""
    differs = (impression_S[1:] != impression_S[:-1]) | (ranked_S[1:] != ranked_S[:-1])
    tie_S = np.concatenate([[0], np.cumsum(differs)])
    return np.asarray(np.bincount(tie_S, ~clicked_S)[tie_S], np.float64)

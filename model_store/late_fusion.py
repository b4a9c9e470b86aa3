"""Late fusion: a reader is what they clicked, without a user encoder (NaSE, arXiv 2406.12634).

By the mean, as the paper has it:

    score_C = (1/H) Σᵢ candidates_CD · history_HD[i] = candidates_CD · mean(history_HD)

so one dot product with the mean is exact, for scoring and for retrieval by inner product.

The mean is kept in float16, as the service stores it, and every score is computed from that
stored vector, in float64: two articles with equal vectors then get equal scores, whatever stands
beside them in the matrix, and offline evaluation sees the very numbers that are served.

Two variants: ``recency`` weighs a click by its rank, the newest most, and is one vector too;
``max`` scores a candidate by the click nearest to it, and needs one search a click.

Shapes: C candidates, H history, Q queries, D dimensions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]


def history_vector(history_HD: Float16) -> Float16:
    """The reader's vector (D,): the mean of their clicked articles' vectors (H×D, H ≥ 1).

    The same article clicked twice is two rows. Raises ValueError for an empty history.
    """
    if not len(history_HD):
        raise ValueError("an empty history has no vector")
    mean_D: Float16 = history_HD.mean(axis=0, dtype=np.float64).astype(np.float16)
    return mean_D


def scores(candidates_CD: Float16 | Float64, user_D: Float16 | Float64) -> Float64:
    """The relevance (C,) of every candidate (C×D) to the reader's vector (D,).

    Vectors of float16 that stand in float64 already are not copied.
    """
    exact_CD = candidates_CD.astype(np.float64, copy=False)
    relevance_C: Float64 = exact_CD @ user_D.astype(np.float64)
    return relevance_C


def contributions(
    candidate_D: Float16, history_HD: Float16, weights_H: Float64 | None = None
) -> Float64:
    """Each click's part (H,) in the candidate's relevance: wᵢ·cᵀnᵢ, negative or not.

    ``weights_H`` sum to 1; left out, all are 1/H. The parts sum to ``scores`` of the same reader:
    what rounding the fused vector to float16 changed (below 1e-4) is spread evenly over the clicks.
    """
    if weights_H is None:
        weights_H = np.full(len(history_HD), 1 / len(history_HD))
        fused_D = history_vector(history_HD)
    else:
        fused_D = _weighted(history_HD, weights_H)
    terms_H = scores(history_HD, candidate_D) * weights_H
    relevance = scores(candidate_D[np.newaxis], fused_D)[0]
    exact_H: Float64 = terms_H + (relevance - terms_H.sum()) / len(history_HD)
    return exact_H


FusionName = Literal["mean", "recency", "max"]
RECENCY_DECAY: Final = 0.9
"""By recency, each click weighs so much of the one after it."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How a history is asked with and explained.

    ``queries`` turns it (H×D, H ≥ 1) into vectors (Q×D); a candidate's relevance is its highest
    score among them. ``explain`` gives each click's part (H,) in a candidate's relevance.
    """

    queries: Callable[[Float16], Float16]
    explain: Callable[[Float16, Float16], Float64]
    single: bool
    """Whether Q is always 1, so that one stored vector is all that scoring needs."""


def relevance(candidates_CD: Float16 | Float64, queries_QD: Float16) -> Float64:
    """The candidates' relevance (C,): the highest score among the queries (Q ≥ 1)."""
    highest_C = scores(candidates_CD, queries_QD[0])
    for query_D in queries_QD[1:]:
        np.maximum(highest_C, scores(candidates_CD, query_D), out=highest_C)
    return highest_C


def recency_weights(length: int) -> Float64:
    """The weights (H,) of a history by recency, the newest last; they sum to 1."""
    weights_H = RECENCY_DECAY ** np.arange(length - 1, -1, -1, dtype=np.float64)
    normalised_H: Float64 = weights_H / weights_H.sum()
    return normalised_H


def _weighted(history_HD: Float16, weights_H: Float64) -> Float16:
    fused_D: Float16 = (weights_H @ history_HD.astype(np.float64)).astype(np.float16)
    return fused_D


def _of_the_nearest(candidate_D: Float16, history_HD: Float16) -> Float64:
    """All of the relevance for the nearest click; of several, the newest."""
    terms_H = scores(history_HD, candidate_D)
    nearest = len(terms_H) - 1 - int(np.argmax(terms_H[::-1]))
    parts_H: Float64 = np.zeros(len(terms_H))
    parts_H[nearest] = terms_H[nearest]
    return parts_H


FUSIONS: Final[Mapping[FusionName, Fusion]] = {
    "mean": Fusion(
        queries=lambda history_HD: history_vector(history_HD)[np.newaxis],
        explain=contributions,
        single=True,
    ),
    "recency": Fusion(
        queries=lambda history_HD: _weighted(history_HD, recency_weights(len(history_HD)))[
            np.newaxis
        ],
        explain=lambda candidate_D, history_HD: contributions(
            candidate_D, history_HD, recency_weights(len(history_HD))
        ),
        single=True,
    ),
    "max": Fusion(
        queries=lambda history_HD: np.unique(history_HD, axis=0),
        explain=_of_the_nearest,
        single=False,
    ),
}

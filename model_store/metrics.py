"""The MIND benchmark's metrics, for one impression: its candidates' scores and labels.

Wu et al., ACL 2020, and the evaluation script published with MIND. Ties never favour the model:
in AUC a tied pair counts half, and in a ranking a clicked candidate stands behind all others of
equal score. (The script ranks ties by their position in the file, which is chance.)

All of them need at least one clicked candidate and, but for MRR and nDCG, one that was not.

Shapes: C candidates, P clicked, N not clicked.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Labels = NDArray[np.int64]
"""1 for a clicked candidate, 0 for one that was not."""
Metric = Callable[[Float64, Labels], float]


def auc(scores_C: Float64, labels_C: Labels) -> float:
    """The share of pairs of a clicked and another candidate that are in order, in [0, 1]."""
    clicked_P = scores_C[labels_C == 1]
    others_N = np.sort(scores_C[labels_C == 0])
    below_P = np.searchsorted(others_N, clicked_P, side="left")
    not_above_P = np.searchsorted(others_N, clicked_P, side="right")
    return float((below_P + not_above_P).sum() / (2 * len(clicked_P) * len(others_N)))


def mrr(scores_C: Float64, labels_C: Labels) -> float:
    """The mean of 1/rank over **all** clicked candidates, in (0, 1]: the script's definition."""
    ranks_P = np.flatnonzero(by_rank(scores_C, labels_C)) + 1
    return float((1 / ranks_P).mean())


def first_mrr(scores_C: Float64, labels_C: Labels) -> float:
    """1/rank of the **first** clicked candidate, in (0, 1]: the reciprocal rank of retrieval.

    Many papers report this under the name MRR; with several clicks it is the larger of the two.
    """
    return float(1 / (np.argmax(by_rank(scores_C, labels_C)) + 1))


def ndcg(scores_C: Float64, labels_C: Labels, k: int) -> float:
    """Normalised discounted cumulative gain of the first ``k``, in [0, 1].

    The gain of a candidate is 2^label − 1, the discount of rank r is 1 / log₂(r + 1).
    """
    ideal_C = np.sort(labels_C)[::-1]
    return dcg(by_rank(scores_C, labels_C), k) / dcg(ideal_C, k)


def dcg(labels_by_rank_C: Labels, k: int) -> float:
    """Discounted cumulative gain of the first ``k`` labels in ranked order."""
    first = labels_by_rank_C[:k]
    return float(((2.0**first - 1) / np.log2(np.arange(2, len(first) + 2))).sum())


def by_rank(scores_C: Float64, labels_C: Labels) -> Labels:
    """The labels (C,) from the highest score to the lowest; of equal scores, the clicked last."""
    return labels_C[np.lexsort((labels_C, -scores_C))]


METRICS: Final[Mapping[str, Metric]] = {
    "auc": auc,
    "mrr": mrr,
    "ndcg@5": partial(ndcg, k=5),
    "ndcg@10": partial(ndcg, k=10),
}
"""What the benchmark reports, in its order."""
FURTHER_METRICS: Final[Mapping[str, Metric]] = {"mrr_first": first_mrr}
"""What is reported beside them, under names that no paper uses for the benchmark's own."""

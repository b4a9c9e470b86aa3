"""Means over impressions, each with its count and its standard error.

Shapes: I impressions, those of the log or the evaluated among them; S candidates of all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model_store.estimates import Estimate
from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.errors import NothingToEvaluate
from training.evaluation.ranking import FLAT_METRICS, Clicks, clicks_in_order

Float64 = NDArray[np.float64]
TITLES: Final = {
    "auc": "AUC",
    "mrr": "MRR",
    "ndcg@5": "nDCG@5",
    "ndcg@10": "nDCG@10",
    "mrr_first": "MRR (first click)",
}
"""The metrics' names as people write them."""
CHUNK: Final = 1 << 14
"""Impressions that are sorted at once, so that a large log needs little memory."""


@dataclass(frozen=True, eq=False)
class Report:
    """What came out of an evaluation."""

    values: Mapping[str, Float64]
    """Each metric's values (I,) of the evaluated impressions, in the log's order, for comparisons
    in pairs."""
    positions_I: Int64
    """Which impressions of the log were evaluated, in ascending order."""
    impressions: int
    """All that the log holds."""
    single_class: int
    """Left out, since all or none of their candidates were clicked: no metric is defined."""
    empty_history: int
    """Evaluated without a history; a scorer that has nothing else ties all their candidates."""

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The mean of each metric."""
        return {name: Estimate.of(values_I) for name, values_I in self.values.items()}


def evaluate_scores(
    log: ImpressionLog, scores_S: ArrayLike, empty_I: NDArray[np.bool_] | None = None
) -> Report:
    """Evaluate scores from anywhere, a file or an HTTP answer, against what was clicked.

    ``scores_S`` holds a number for every candidate, parallel to ``log.candidates.values``; where
    nothing could be scored, equal numbers, so that the candidates tie. ``empty_I`` says which
    impressions are counted as ``empty_history``: those whose history is empty, if left out.

    Raises ValueError for scores that are missing, too many or not finite numbers, and
    NothingToEvaluate if no impression has both classes.
    """
    given_S = _checked(log, scores_S)
    clicked_I = log.clicks.lengths
    positions_I = np.flatnonzero((clicked_I > 0) & (clicked_I < log.candidates.lengths))
    if not len(positions_I):
        raise NothingToEvaluate("no impression has both a clicked candidate and another one")
    empty_I = log.history.lengths == 0 if empty_I is None else empty_I
    chunks = list(_chunks(log, given_S, positions_I))
    return Report(
        values={
            name: np.concatenate([metric(clicks) for clicks in chunks])
            for name, metric in FLAT_METRICS.items()
        },
        positions_I=positions_I,
        impressions=len(log),
        single_class=len(log) - len(positions_I),
        empty_history=int(empty_I[positions_I].sum()),
    )


def _chunks(log: ImpressionLog, scores_S: Float64, positions_I: Int64) -> Iterator[Clicks]:
    for start in range(0, len(positions_I), CHUNK):
        chunk_I = positions_I[start : start + CHUNK]
        places_S = log.candidates.places(chunk_I)
        lengths_I = log.candidates.lengths[chunk_I]
        yield clicks_in_order(lengths_I, scores_S[places_S], log.labels[places_S] == 1)


def _checked(log: ImpressionLog, scores_S: ArrayLike) -> Float64:
    given_S = np.asarray(scores_S, np.float64)
    expected = log.candidates.values.shape
    if given_S.shape != expected:
        raise ValueError(f"the log needs finite scores of shape {expected}, got {given_S.shape}")
    bad_S = np.flatnonzero(~np.isfinite(given_S))
    if len(bad_S):
        position = int(np.searchsorted(log.candidates.starts, bad_S[0], side="right")) - 1
        raise ValueError(
            f"impression {log.ids[position]} needs finite scores, got {given_S[bad_S[0]]}"
        )
    return given_S

"""Means over impressions, each with its count and its standard error.

Shapes: I evaluated impressions, C candidates of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model_store.estimates import Estimate
from model_store.metrics import METRICS
from training.data.impressions import Impression
from training.errors import NothingToEvaluate

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Report:
    """What came out of an evaluation."""

    values: Mapping[str, Float64]
    """Each metric's values (I,), in the impressions' order, for comparisons in pairs."""
    impressions: int
    """All that were read."""
    single_class: int
    """Left out, since all or none of their candidates were clicked: no metric is defined."""
    empty_history: int
    """Evaluated with every candidate tied, since there is nothing to score them by."""

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The mean of each metric."""
        return {name: Estimate.of(values_I) for name, values_I in self.values.items()}


def evaluate_scores(
    impressions: Sequence[Impression], scores: Iterable[ArrayLike | None]
) -> Report:
    """Evaluate scores from anywhere, a file or an HTTP answer, against what was clicked.

    ``scores`` holds one entry for each impression: a number for every candidate (C,) in the
    impression's order, or None where nothing could be scored, so that all candidates tie.

    Raises ValueError for entries that are missing, too long, too short or not finite numbers, and
    NothingToEvaluate if no impression has both classes.
    """
    values: dict[str, list[float]] = {name: [] for name in METRICS}
    single_class = empty_history = 0
    for impression, given in zip(impressions, scores, strict=True):
        if len(set(impression.labels)) < 2:
            single_class += 1
            continue
        empty_history += not impression.history
        labels_C = np.array(impression.labels)
        scores_C = _checked(impression, given)
        for name, metric in METRICS.items():
            values[name].append(metric(scores_C, labels_C))
    if single_class == len(impressions):
        raise NothingToEvaluate("no impression has both a clicked candidate and another one")
    return Report(
        {name: np.array(of_metric) for name, of_metric in values.items()},
        len(impressions),
        single_class,
        empty_history,
    )


def _checked(impression: Impression, given: ArrayLike | None) -> Float64:
    count = len(impression.candidates)
    scores_C = np.zeros(count) if given is None else np.asarray(given, np.float64)
    if scores_C.shape != (count,) or not np.isfinite(scores_C).all():
        raise ValueError(
            f"impression {impression.impression_id} needs {count} finite scores, "
            f"got {scores_C.shape}"
        )
    return scores_C

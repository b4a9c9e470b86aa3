"""What a policy is measured by: how well it orders what was shown, and what its lists are like.

Accuracy alone rewards a list of ten versions of one story. Beside it stand, for every list:

diversity     the mean of 1 − cosine over all pairs (Ziegler et al., WWW 2005)
categories    how many different categories, over the list's length, where all are known
novelty       the mean of −log₂ of an article's share of all clicks so far, with one click added to
              every live article (Zhou et al., PNAS 2010): to recommend what few have read is novel
age           the median age in hours
coverage      the share of all articles ever live that were in any list
Gini          how unequally the lists' places are spread over these: 0 evenly, 1 all to one

Shapes: N listed articles, D dimensions, I impressions.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model_store.estimates import Estimate
from model_store.metrics import METRICS

Float64 = NDArray[np.float64]
ACCURACY = "ndcg@10"
"""The metric by which policies are compared and plotted."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A recommended list at its moment. ``vectors`` (N×D) are None where texts are generated."""

    article_ids: tuple[str, ...]
    vectors: NDArray[np.float16] | None
    categories: tuple[str | None, ...]
    age_hours: Float64
    clicks: tuple[int, ...]
    all_clicks: int
    live: int


@dataclass
class Measures:
    """Grows by one impression at a time."""

    single_class: int = 0
    """Impressions whose candidates were all or none clicked: no accuracy is defined."""
    values: dict[str, list[float]] = field(default_factory=dict)
    exposure: Counter[str] = field(default_factory=Counter)
    live: int = 0
    """The most articles that were ever live."""

    def ranked(self, clicked_by_rank: Sequence[bool]) -> None:
        """How the logged candidates were ordered, the best first."""
        labels_C = np.array(clicked_by_rank, np.int64)
        if labels_C.all() or not labels_C.any():
            self.single_class += 1
            return
        scores_C = -np.arange(len(labels_C), dtype=np.float64)
        for name, metric in METRICS.items():
            self._add(name, metric(scores_C, labels_C))

    def listed(self, listed: Listed) -> None:
        """What was recommended from everything that was live."""
        self.live = max(self.live, listed.live)
        self.exposure.update(listed.article_ids)
        if not listed.article_ids:
            return
        if listed.vectors is not None and len(listed.vectors) > 1:
            self._add("diversity", diversity(listed.vectors))
        if all(listed.categories):
            self._add("categories", len({*listed.categories}) / len(listed.categories))
        self._add("novelty", novelty(listed.clicks, listed.all_clicks, listed.live))
        self._add("age", float(np.median(listed.age_hours)))

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The mean of every measure that was taken."""
        return {name: Estimate.of(np.array(taken)) for name, taken in self.values.items()}

    @property
    def coverage(self) -> float:
        """The share of the articles that were in any list."""
        return len(self.exposure) / self.live if self.live else 0.0

    @property
    def gini(self) -> float:
        """How unequally the places are spread over all articles."""
        counts = np.zeros(max(self.live, len(self.exposure)))
        counts[: len(self.exposure)] = list(self.exposure.values())
        return gini(counts)

    def _add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)


def diversity(vectors_ND: NDArray[np.float16]) -> float:
    """The mean of 1 − cosine over all pairs of a list of at least two, in [0, 2]."""
    exact_ND = vectors_ND.astype(np.float64)
    unit_ND = exact_ND / np.maximum(np.linalg.norm(exact_ND, axis=1, keepdims=True), 1e-12)
    count = len(unit_ND)
    total = float((unit_ND.sum(axis=0) ** 2).sum()) - float((unit_ND**2).sum())
    return 1 - total / (count * (count - 1))


def novelty(clicks: Sequence[int], all_clicks: int, live: int) -> float:
    """The mean over a list of −log₂ (clicks + 1) / (all clicks + live articles), in bits."""
    shares = (np.array(clicks) + 1) / (all_clicks + live)
    return float(-np.log2(shares).mean())


def gini(counts_N: Float64) -> float:
    """The Gini coefficient of counts, in [0, 1): 0 if all are equal or there are none."""
    total = counts_N.sum()
    if not total:
        return 0.0
    ranks = np.arange(1, len(counts_N) + 1)
    ordered = np.sort(counts_N)
    return float((2 * ranks - len(ordered) - 1) @ ordered / (len(ordered) * total))

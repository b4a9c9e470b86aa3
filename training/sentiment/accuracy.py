"""How far a labeller can be trusted: on sentences that it did not learn from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_store.estimates import Estimate
from training.sentiment.labeller import SENTIMENTS, Labeller
from training.sentiment.sentences import Labelled


@dataclass(frozen=True)
class Accuracy:
    """Of a labeller on labelled texts."""

    right: Estimate
    """The share of texts that it labels as people did."""
    macro_f1: float
    """The mean over the labels of the harmonic mean of precision and recall."""
    most_frequent: float
    """The share that one would have right with the most frequent label alone."""

    @classmethod
    def of(cls, labeller: Labeller, texts: Labelled) -> "Accuracy":
        """On texts that the labeller has not seen."""
        found, wanted = labeller(texts.texts), texts.sentiments
        right_N = np.array([f == w for f, w in zip(found, wanted, strict=True)], np.float64)
        ((_, most),) = Counter(wanted).most_common(1)
        return cls(Estimate.of(right_N), macro_f1(found, wanted), most / len(wanted))

    def __str__(self) -> str:
        right = self.right
        return (
            f"{right.mean:.3f} ± {right.standard_error:.3f} of {right.count:,} sentences right, "
            f"macro F1 {self.macro_f1:.3f}; {self.most_frequent:.3f} by the most frequent label"
        )


def macro_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """The mean of ``2 · both / (found + wanted)`` over SENTIMENTS; 0 for one that is in neither."""
    both = Counter(f for f, w in zip(found, wanted, strict=True) if f == w)
    named = Counter(found) + Counter(wanted)
    return sum(2 * both[label] / max(named[label], 1) for label in SENTIMENTS) / len(SENTIMENTS)

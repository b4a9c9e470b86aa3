"""What an encoder is worth as a recommender without a user encoder: the mean MRR of late fusion.

NaSE chooses its checkpoint so, over validation languages. The vectors are taken as they stand,
neither trained on the clicks nor centred, and scored by the formula that is served.

Shapes: N news, D dimensions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.late_fusion import FUSIONS
from model_store.user_models import LateFusion
from training.adaptation.whole import WholeEncoder
from training.data.impressions import ImpressionLog
from training.errors import Diverged
from training.evaluation.report import evaluate_scores
from training.evaluation.served import score

Float16 = NDArray[np.float16]

HISTORY: Final = 50
"""The newest clicks."""


@dataclass(frozen=True, eq=False)
class LateFusionMrr:
    """The mean over logs, each of a language: one whose titles are in it.

    Each distinct title of all of them is encoded once. Raises NothingToEvaluate for a log without
    an impression of both classes.
    """

    logs: Sequence[ImpressionLog]

    def __call__(self, encoder: WholeEncoder) -> float:
        """The mean MRR of the encoder as it stands."""
        titles = list(dict.fromkeys(title for log in self.logs for title in _titles(log)))
        vectors_ND = encoder.vectors(titles).astype(np.float16)
        place = {title: row for row, title in enumerate(titles)}
        return fmean(
            mrr(log, vectors_ND[[place[title] for title in _titles(log)]]) for log in self.logs
        )


def mrr(log: ImpressionLog, seen_ND: Float16) -> float:
    """The mean MRR of late fusion; ``seen_ND`` are the vectors of ``log.seen()``, in order.

    Raises Diverged, NothingToEvaluate.
    """
    vectors_ND = np.zeros((len(log.news), seen_ND.shape[1]), np.float16)
    vectors_ND[log.seen()] = seen_ND
    scores_S = score(log, vectors_ND, LateFusion(FUSIONS["mean"]), HISTORY)
    if not np.isfinite(scores_S).all():
        raise Diverged("the vectors are no numbers any more: lower learning_rate")
    return evaluate_scores(log, scores_S).estimates["mrr"].mean


def _titles(log: ImpressionLog) -> Iterable[str]:
    titles = log.news.column("title")
    return [titles[row] for row in log.seen().tolist()]

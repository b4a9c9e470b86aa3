"""What studies of one click log share: its days, what every row is measured on, and the cells.

No impression of the test is learned from, and none of the validation day but to choose by. All rows
score the same candidates of the same impressions, so that any two of them are compared in pairs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from training.data.features import features_of
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.news import NewsTable
from training.data.ragged import Int64
from training.data.splits import check_no_leak, split_last_day
from training.data.texts import evenly
from training.data.titled import check_titled
from training.encoding import keep
from training.evaluation.comparison import by_reader
from training.evaluation.groups import Groups
from training.evaluation.report import TITLES, evaluate_scores
from training.run import Trained
from training.scoring import scores_of
from training.studies.study import Column, Float64, Sample

METRICS: Final = {name: TITLES[name] for name in ("auc", "mrr", "ndcg@5", "ndcg@10")}
"""What a study's tables show, by its name in a report, as people write it."""

Scorer = Callable[[ImpressionLog], Float64]
"""A score for every candidate of a log (S)."""


@dataclass(frozen=True, eq=False)
class Days:
    """A log over one news table."""

    training: ImpressionLog
    validation: ImpressionLog
    """The last of the training's days."""
    test: ImpressionLog

    @classmethod
    def of(cls, training: Path, test: Path) -> "Days":
        """Raises UnreadableData, Leak, and BadRecipe for news without titles, and for a training
        log of a single day.
        """
        before, after = read_logs([training, test])
        check_titled(before.news, str(training))
        check_no_leak(before, after)
        earlier, last = split_last_day(before)
        return cls(earlier, last, after)


def sampled(log: ImpressionLog, most: int | None) -> ImpressionLog:
    """At most so many impressions, evenly over the log."""
    if most is None:
        return log
    return log.take(np.array(evenly(range(len(log)), most), np.int64))


def scorer(trained: Trained, news: NewsTable, rows: Int64, cache: Path) -> Scorer:
    """A trained recommender over ``rows`` of the news, by torch as it was trained.

    What its frozen layers give is kept in ``cache``.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    recommender, length = trained.recommender.to(device), trained.recipe.training.history_length
    features = features_of(news, trained.tokenizer, trained.sources, trained.vocabularies, cache)
    kept = keep(recommender.news, features, rows, device, cache)

    def score(log: ImpressionLog) -> Float64:
        return scores_of(recommender, kept, log, trained.readers, length, device)

    return score


def cells(
    log: ImpressionLog, scores_S: Float64, groupings: Mapping[str, Groups] | None = None
) -> dict[str, Sample]:
    """A sample of each metric of METRICS, and of each in each group: ``auc``, ``fifth/1/auc``."""
    return dict(_cells(log, scores_S, groupings or {}))


def _cells(
    log: ImpressionLog, scores_S: Float64, groupings: Mapping[str, Groups]
) -> Iterator[tuple[str, Sample]]:
    report, unit_I = evaluate_scores(log, scores_S), by_reader(log)
    units_I = unit_I[report.positions_I]
    for metric in METRICS:
        values_I = report.values[metric]
        yield metric, Sample(values_I, units_I)
        for grouping, groups in groupings.items():
            for number, positions in enumerate(groups.values(), start=1):
                member_I = np.isin(report.positions_I, positions)
                if member_I.any():
                    sample = Sample(values_I[member_I], units_I[member_I])
                    yield f"{grouping}/{number}/{metric}", sample


def columns(section: str, group: str = "") -> Iterator[Column]:
    """A column for each metric; of a group, such as ``fifth/1``, under its name."""
    for metric, title in METRICS.items():
        yield Column(f"{group}/{metric}" if group else metric, title, section)

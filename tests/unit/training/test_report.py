"""Means over impressions: what counts, what is left out, and how sure they are."""

from datetime import datetime

import numpy as np
import pytest

from model_store.estimates import Estimate
from model_store.metrics import METRICS
from training.data.impressions import Impression, NewsId
from training.errors import NothingToEvaluate
from training.evaluation.report import evaluate_scores


def impression(labels: tuple[int, ...], history: tuple[str, ...] = ("h",)) -> Impression:
    candidates = tuple(NewsId(f"c{position}") for position in range(len(labels)))
    clicked = tuple(map(NewsId, history))
    return Impression("1", "u", datetime(2019, 11, 13), clicked, candidates, labels)


def test_scores_from_anywhere_are_evaluated() -> None:
    report = evaluate_scores([impression((1, 0)), impression((0, 1))], [[2.0, 1.0], (3, 1)])
    assert list(report.values["auc"]) == [1.0, 0.0]
    assert report.estimates["auc"] == Estimate(0.5, 0.5, 2)
    assert set(report.values) == set(METRICS)


def test_an_impression_of_a_single_class_is_counted_and_left_out() -> None:
    impressions = [impression((1, 1)), impression((0, 0, 0)), impression((0, 1), history=())]
    report = evaluate_scores(impressions, [[1, 2], [1, 2, 3], [1, 2]])
    assert (report.impressions, report.single_class) == (3, 2)
    assert report.estimates["mrr"].count == 1


def test_without_a_history_all_candidates_tie_and_it_is_counted() -> None:
    report = evaluate_scores([impression((1, 0, 0, 0), history=())], [None])
    assert report.empty_history == 1
    assert report.estimates["auc"].mean == 0.5
    assert report.estimates["mrr"].mean == 0.25


def test_the_standard_error_is_that_of_the_mean() -> None:
    values = np.array([0.0, 0.5, 1.0, 0.25])
    estimate = Estimate.of(values)
    assert estimate.mean == pytest.approx(0.4375)
    assert estimate.standard_error == pytest.approx(np.std(values, ddof=1) / 2)


@pytest.mark.parametrize("scores", [[[1.0]], [[1.0, 2.0, 3.0]], [[1.0, float("nan")]], []])
def test_scores_that_do_not_fit_the_candidates_are_refused(scores: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"finite scores|shorter"):
        evaluate_scores([impression((1, 0))], scores)


def test_an_evaluation_of_nothing_is_refused() -> None:
    with pytest.raises(NothingToEvaluate, match="both"):
        evaluate_scores([impression((1, 1))], [[1, 2]])

"""The metrics against hand-computed cases and the plainest words for their definitions."""

from datetime import datetime
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.impressions import Impression, NewsId
from training.errors import NothingToEvaluate
from training.evaluation.metrics import METRICS, auc, mrr, ndcg
from training.evaluation.report import evaluate_scores


def arrays(scores: list[float], labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(scores, np.float64), np.array(labels)


def test_a_hand_computed_list() -> None:
    scores, labels = arrays([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0, 1, 0, 0, 0, 1])
    assert auc(scores, labels) == pytest.approx(3 / 8)
    assert mrr(scores, labels) == pytest.approx((1 / 2 + 1 / 6) / 2)
    ideal = 1 + 1 / log2(3)
    assert ndcg(scores, labels, 5) == pytest.approx((1 / log2(3)) / ideal)
    assert ndcg(scores, labels, 10) == pytest.approx((1 / log2(3) + 1 / log2(7)) / ideal)


def test_ties_never_favour_the_model() -> None:
    scores, labels = arrays([1, 1, 1, 1], [1, 0, 0, 0])
    assert auc(scores, labels) == 0.5
    assert mrr(scores, labels) == 1 / 4
    assert ndcg(scores, labels, 5) == pytest.approx(1 / log2(5))


impression = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=2, max_size=30
).filter(lambda pairs: len({label for _, label in pairs}) == 2)


@given(impression)
def test_the_metrics_are_their_definitions(pairs: list[tuple[int, int]]) -> None:
    scores, labels = arrays([s for s, _ in pairs], [y for _, y in pairs])
    clicked = [s for s, y in pairs if y]
    others = [s for s, y in pairs if not y]
    wins = sum((c > o) + 0.5 * (c == o) for c in clicked for o in others)
    assert auc(scores, labels) == pytest.approx(wins / len(clicked) / len(others))
    ranked = [y for _, y in sorted(pairs, key=lambda pair: (-pair[0], pair[1]))]
    reciprocal = [1 / rank for rank, y in enumerate(ranked, 1) if y]
    assert mrr(scores, labels) == pytest.approx(sum(reciprocal) / len(clicked))
    for k in (5, 10):
        gained = sum(y / log2(rank + 1) for rank, y in enumerate(ranked[:k], 1))
        best = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(clicked)) + 1))
        assert ndcg(scores, labels, k) == pytest.approx(gained / best)


@given(impression)
def test_every_metric_lies_between_0_and_1(pairs: list[tuple[int, int]]) -> None:
    scores, labels = arrays([s for s, _ in pairs], [y for _, y in pairs])
    for metric in METRICS.values():
        assert 0 <= metric(scores, labels) <= 1 + 1e-12


def shown(labels: tuple[int, ...], history: tuple[str, ...] = ("h",)) -> Impression:
    candidates = tuple(NewsId(f"n{place}") for place in range(len(labels)))
    return Impression(
        "1", "u", datetime(2019, 11, 13), tuple(map(NewsId, history)), candidates, labels
    )


def test_a_report_counts_what_it_leaves_out() -> None:
    log = [shown((1, 0)), shown((0, 0)), shown((1, 1)), shown((0, 1), ())]
    report = evaluate_scores(log, [[2, 1], [1, 1], [1, 1], None])
    assert (report.impressions, report.single_class, report.empty_history) == (4, 2, 1)
    assert report.estimates["auc"].mean == 0.75
    assert report.estimates["auc"].count == 2
    assert report.estimates["auc"].standard_error == pytest.approx(0.25)


@pytest.mark.parametrize("scores", [[[1.0]], [[1, 2, 3]], [[1, float("nan")]], []])
def test_scores_that_do_not_fit_are_refused(scores: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        evaluate_scores([shown((1, 0))], scores)


def test_a_log_without_a_choice_cannot_be_evaluated() -> None:
    with pytest.raises(NothingToEvaluate):
        evaluate_scores([shown((1, 1))], [[1, 2]])

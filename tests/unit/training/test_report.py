"""Means over impressions: what counts, what is left out, and how sure they are."""

from collections.abc import Sequence
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.estimates import Estimate
from model_store.metrics import FURTHER_METRICS, METRICS
from tests.unit.training.small_logs import impressions, labelled, log_of, seen
from training.data.impressions import Impression
from training.errors import NothingToEvaluate
from training.evaluation import report as report_module
from training.evaluation.report import TITLES, evaluate_scores

ALL_METRICS = {**METRICS, **FURTHER_METRICS}


def test_scores_from_anywhere_are_evaluated() -> None:
    report = evaluate_scores(log_of(labelled((1, 0)), labelled((0, 1))), [2.0, 1.0, 3, 1])
    assert list(report.values["auc"]) == [1.0, 0.0]
    assert report.estimates["auc"] == Estimate(0.5, 0.5, 2)
    assert list(report.values) == list(ALL_METRICS) == list(TITLES)


def test_an_impression_of_a_single_class_is_counted_and_left_out() -> None:
    log = log_of(labelled((1, 1)), labelled((0, 0, 0)), labelled((0, 1), history=()))
    report = evaluate_scores(log, [1, 2, 1, 2, 3, 1, 2])
    assert (report.impressions, report.single_class) == (3, 2)
    assert report.positions_I.tolist() == [2]
    assert report.estimates["mrr"].count == 1


def test_without_a_history_all_candidates_tie_and_it_is_counted() -> None:
    report = evaluate_scores(log_of(labelled((1, 0, 0, 0), history=())), np.zeros(4))
    assert report.empty_history == 1
    assert report.estimates["auc"].mean == 0.5
    assert report.estimates["mrr"].mean == 0.25


def test_what_counts_as_an_empty_history_can_be_said() -> None:
    log = log_of(labelled((1, 1)), labelled((0, 1)), labelled((1, 0)))
    assert evaluate_scores(log, np.zeros(6)).empty_history == 0
    said = evaluate_scores(log, np.zeros(6), np.array([True, True, False]))
    assert said.empty_history == 1  # the first is not evaluated


def test_several_clicks_count_once_in_the_first_ones_rank() -> None:
    report = evaluate_scores(log_of(labelled((0, 1, 0, 1))), [4, 3, 2, 1])
    assert report.estimates["mrr"].mean == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert report.estimates["mrr_first"].mean == 1 / 2


def test_the_standard_error_is_that_of_the_mean() -> None:
    values = np.array([0.0, 0.5, 1.0, 0.25])
    estimate = Estimate.of(values)
    assert estimate.mean == pytest.approx(0.4375)
    assert estimate.standard_error == pytest.approx(np.std(values, ddof=1) / 2)


@pytest.mark.parametrize(
    "scores", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [1.0, float("nan")], [float("inf"), 1.0], []]
)
def test_scores_that_do_not_fit_the_candidates_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="finite scores"):
        evaluate_scores(log_of(labelled((1, 0))), scores)


def test_the_impression_that_lacks_a_score_is_named() -> None:
    log = log_of(seen({"a": 0, "b": 1}, user="u1"), seen({"a": 0, "b": 1}, user="u2"))
    with pytest.raises(ValueError, match="impression u2 after 0 needs"):
        evaluate_scores(log, [1, 2, float("nan"), 2])


@pytest.mark.parametrize("of_log", [[labelled((1, 1))], []])
def test_an_evaluation_of_nothing_is_refused(of_log: list[Impression]) -> None:
    with pytest.raises(NothingToEvaluate, match="both"):
        evaluate_scores(log_of(*of_log), np.zeros(2 * len(of_log)))


logs = st.lists(impressions, min_size=1, max_size=8).filter(
    lambda those: any(len(set(one.labels)) == 2 for one in those)
)


@given(logs, st.data())
def test_many_impressions_at_once_have_the_metrics_of_each(
    of_log: list[Impression], data: st.DataObject
) -> None:
    log = log_of(*of_log)
    tying = st.integers(-2, 2).map(float) | st.sampled_from([0.0, -0.0, 1e-300, 1e300])
    count = len(log.labels)
    scores_S = np.array(data.draw(st.lists(tying, min_size=count, max_size=count)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report_module, "CHUNK", data.draw(st.integers(1, 9)))
        report = evaluate_scores(log, scores_S)
    both = [place for place, one in enumerate(of_log) if len(set(one.labels)) == 2]
    assert report.positions_I.tolist() == both
    for name, metric in ALL_METRICS.items():
        starts = log.candidates.starts
        alone = [
            metric(scores_S[starts[i] : starts[i + 1]], np.array(of_log[i].labels)) for i in both
        ]
        assert report.values[name].tolist() == pytest.approx(alone)


def official_metrics(labels: Sequence[int], scores: Sequence[float]) -> dict[str, float]:
    """What MIND's script computes, after its text and not after ours."""
    ranked = [label for _, label in sorted(zip(scores, labels, strict=True), reverse=True)]
    clicked = [s for s, y in zip(scores, labels, strict=True) if y]
    others = [s for s, y in zip(scores, labels, strict=True) if not y]

    def dcg(labels: Sequence[int], k: int) -> float:
        return sum((2**y - 1) / log2(place + 2) for place, y in enumerate(labels[:k]))

    def ndcg(k: int) -> float:
        return dcg(ranked, k) / dcg(sorted(labels, reverse=True), k)

    pairs = [c > o for c in clicked for o in others]
    return {
        "auc": sum(pairs) / len(pairs),
        "mrr": sum(y / rank for rank, y in enumerate(ranked, start=1)) / sum(labels),
        "ndcg@5": ndcg(5),
        "ndcg@10": ndcg(10),
    }


@given(logs, st.randoms(use_true_random=False))
def test_without_ties_they_are_the_official_scripts_means(
    of_log: list[Impression], random: object
) -> None:
    log = log_of(*of_log)
    order = list(range(len(log.labels)))
    random.shuffle(order)  # type: ignore[attr-defined]
    scores_S = np.array(order) / 7 - 1
    starts = log.candidates.starts
    expected = [
        official_metrics(one.labels, scores_S[starts[i] : starts[i + 1]].tolist())
        for i, one in enumerate(of_log)
        if len(set(one.labels)) == 2
    ]
    estimates = evaluate_scores(log, scores_S).estimates
    for name in METRICS:
        assert estimates[name].mean == pytest.approx(np.mean([one[name] for one in expected]))

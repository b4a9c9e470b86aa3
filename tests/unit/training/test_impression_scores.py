"""Offline scores are made as the service makes them."""

from collections.abc import Sequence

import numpy as np
import pytest

from model_store.late_fusion import FUSIONS
from model_store.user_models import LateFusion
from tests.unit.training.small_logs import log_of, seen
from training.data.impressions import Impression
from training.evaluation.served import score

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float16)
"""Of a, b and c, as the log's news stand."""
MEAN = LateFusion(FUSIONS["mean"])


def impression(history: Sequence[str]) -> Impression:
    return seen({"a": 1, "b": 0, "c": 0}, history=history)


def scores(history: Sequence[str], length: int = 50) -> list[float]:
    return score(log_of(impression(history)), VECTORS, MEAN, length).tolist()


def test_a_score_is_the_mean_over_the_clicks() -> None:
    assert scores("ab") == pytest.approx([0.5, 0.5, 0.7], abs=1e-3)


def test_a_repeated_click_counts_twice() -> None:
    assert scores("aba") == pytest.approx([2 / 3, 1 / 3, 2 / 3], abs=1e-3)


def test_only_the_newest_clicks_count() -> None:
    assert scores("aaab", length=1) == scores("b")


def test_candidates_of_a_reader_without_clicks_all_tie() -> None:
    log = log_of(impression("b"), impression(""), impression("a"))
    scores_IC = score(log, VECTORS, MEAN, 50).reshape(3, 3)
    assert scores_IC[0].tolist() == scores("b")
    assert scores_IC[1].tolist() == [0, 0, 0]
    assert scores_IC[2].tolist() == scores("a")


def test_the_model_decides_what_a_history_is_worth() -> None:
    log = log_of(impression("ab"))
    nearest = score(log, VECTORS, LateFusion(FUSIONS["max"]), 50)
    assert nearest.tolist() == pytest.approx([1, 1, 0.8], abs=1e-3)

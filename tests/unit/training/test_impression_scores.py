"""Offline scores are made as the service makes them."""

from datetime import datetime

import numpy as np
import pytest

from training.data.impressions import Impression, NewsId
from training.evaluation.late_fusion import needed, score

A, B, C = (NewsId(name) for name in "abc")
VECTORS = {
    A: np.array([1, 0], np.float16),
    B: np.array([0, 1], np.float16),
    C: np.array([0.6, 0.8], np.float16),
}


def impression(history: tuple[NewsId, ...]) -> Impression:
    return Impression("1", "u", datetime(2019, 11, 13), history, (A, B, C), (1, 0, 0))


def scores(history: tuple[NewsId, ...], length: int = 50) -> list[float]:
    (scores_C,) = score([impression(history)], VECTORS, length)
    assert scores_C is not None
    return scores_C.tolist()


def test_a_score_is_the_mean_over_the_clicks() -> None:
    assert scores((A, B)) == pytest.approx([0.5, 0.5, 0.7], abs=1e-3)


def test_a_repeated_click_counts_twice() -> None:
    assert scores((A, B, A)) == pytest.approx([2 / 3, 1 / 3, 2 / 3], abs=1e-3)


def test_only_the_newest_clicks_count() -> None:
    assert scores((A, A, A, B), length=1) == scores((B,))


def test_an_empty_history_gives_no_scores() -> None:
    assert list(score([impression(())], VECTORS, 50)) == [None]


def test_each_news_item_is_needed_once() -> None:
    assert needed([impression((C, A, C)), impression((B,))]) == [C, A, B]

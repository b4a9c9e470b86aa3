"""The metrics against numbers worked out by hand, and against a slow and plain second version."""

from collections.abc import Sequence
from itertools import permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.metrics import METRICS, auc, mrr, ndcg

# scores, labels, and what they give, worked out on paper
CASES = [
    pytest.param([0.9, 0.1], [1, 0], 1.0, 1.0, 1.0, 1.0, id="in order"),
    pytest.param([0.1, 0.9], [1, 0], 0.0, 1 / 2, 1 / log2(3), 1 / log2(3), id="upside down"),
    pytest.param([0.5, 0.5], [1, 0], 0.5, 1 / 2, 1 / log2(3), 1 / log2(3), id="tied"),
    pytest.param([0, 0, 0, 0], [1, 0, 0, 0], 0.5, 1 / 4, 1 / log2(5), 1 / log2(5), id="all tied"),
    # ranked: other, clicked, other, clicked. Pairs in order: 1 + 0 of 2 + 2.
    pytest.param(
        [3, 4, 1, 2],
        [1, 0, 1, 0],
        1 / 4,
        (1 / 2 + 1 / 4) / 2,
        (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)),
        (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)),
        id="two clicks",
    ),
    # The click stands at rank 6: outside of the first five, inside of the first ten.
    pytest.param([1, 2, 3, 4, 5, 6], [1, 0, 0, 0, 0, 0], 0.0, 1 / 6, 0.0, 1 / log2(7), id="sixth"),
    # A tie of one clicked and two others behind one other: half of two pairs of three.
    pytest.param(
        [5, 5, 5, 9], [0, 1, 0, 0], 1 / 3, 1 / 4, 1 / log2(5), 1 / log2(5), id="tie in the middle"
    ),
]


@pytest.mark.parametrize(("scores", "labels", "auc_", "mrr_", "ndcg_5", "ndcg_10"), CASES)
def test_metrics_are_those_worked_out_by_hand(
    scores: list[float],
    labels: list[int],
    auc_: float,
    mrr_: float,
    ndcg_5: float,
    ndcg_10: float,
) -> None:
    scores_C, labels_C = np.array(scores, float), np.array(labels)
    measured = [metric(scores_C, labels_C) for metric in METRICS.values()]
    assert list(METRICS) == ["auc", "mrr", "ndcg@5", "ndcg@10"]
    assert measured == pytest.approx([auc_, mrr_, ndcg_5, ndcg_10])


def plain_auc(scores: Sequence[float], labels: Sequence[int]) -> float:
    clicked = [s for s, y in zip(scores, labels, strict=True) if y]
    others = [s for s, y in zip(scores, labels, strict=True) if not y]
    points = [1 if c > o else 0.5 if c == o else 0 for c in clicked for o in others]
    return sum(points) / len(points)


def plain_mrr(ranked: Sequence[int]) -> float:
    return sum(y / rank for rank, y in enumerate(ranked, start=1)) / sum(ranked)


def plain_ndcg(ranked: Sequence[int], k: int) -> float:
    def dcg(labels: Sequence[int]) -> float:
        return sum((2**y - 1) / log2(rank + 1) for rank, y in enumerate(labels[:k], start=1))

    return dcg(ranked) / dcg(sorted(ranked, reverse=True))


def worst_order(scores: Sequence[float], labels: Sequence[int]) -> list[int]:
    pairs = sorted(zip(scores, labels, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [label for _, label in pairs]


labelled = st.lists(
    st.tuples(st.integers(-3, 3).map(float) | st.floats(-1, 1), st.integers(0, 1)),
    min_size=2,
    max_size=30,
).filter(lambda pairs: len({label for _, label in pairs}) == 2)


@given(labelled)
def test_metrics_agree_with_the_plain_version(pairs: list[tuple[float, int]]) -> None:
    scores, labels = (list(column) for column in zip(*pairs, strict=True))
    scores_C, labels_C = np.array(scores), np.array(labels)
    ranked = worst_order(scores, labels)
    assert auc(scores_C, labels_C) == pytest.approx(plain_auc(scores, labels))
    assert mrr(scores_C, labels_C) == pytest.approx(plain_mrr(ranked))
    assert ndcg(scores_C, labels_C, 5) == pytest.approx(plain_ndcg(ranked, 5))
    assert ndcg(scores_C, labels_C, 10) == pytest.approx(plain_ndcg(ranked, 10))


@given(labelled, st.randoms())
def test_the_order_of_the_candidates_does_not_matter(
    pairs: list[tuple[float, int]], random: object
) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for metric in METRICS.values():
        (scores, labels), (others, other_labels) = (
            zip(*listed, strict=True) for listed in (pairs, shuffled)
        )
        assert metric(np.array(scores), np.array(labels)) == pytest.approx(
            metric(np.array(others), np.array(other_labels))
        )


@given(st.lists(st.integers(0, 1), min_size=2, max_size=6).filter(lambda y: len(set(y)) == 2))
def test_a_tie_never_favours_the_model(labels: list[int]) -> None:
    tied_C = np.zeros(len(labels))
    orders = [list(order) for order in permutations(labels)]
    assert mrr(tied_C, np.array(labels)) == pytest.approx(min(map(plain_mrr, orders)))
    least = min(plain_ndcg(order, 5) for order in orders)
    assert ndcg(tied_C, np.array(labels), 5) == pytest.approx(least)
    assert auc(tied_C, np.array(labels)) == 0.5

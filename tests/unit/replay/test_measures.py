"""What lists are measured by, against numbers worked out by hand and a slow plain version."""

from collections.abc import Sequence
from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model_store.estimates import Estimate
from service.replay.measures import Listed, Measures, diversity, gini, novelty


def vectors(*rows: Sequence[float]) -> np.ndarray:
    return np.array(rows, np.float16)


def listed(*article_ids: str, live: int = 10, **changed: object) -> Listed:
    fields = {
        "vectors": vectors(*[[1.0, place] for place in range(len(article_ids))]),
        "categories": ("news",) * len(article_ids),
        "age_hours": np.ones(len(article_ids)),
        "clicks": (0,) * len(article_ids),
        "all_clicks": 0,
        **changed,
    }
    return Listed(article_ids, live=live, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 0], [1, 0]], 0.0),
        ([[1, 0], [0, 1]], 1.0),
        ([[1, 0], [-1, 0]], 2.0),
        ([[2, 0], [0, 0.5]], 1.0),
        # Pairs: equal (0), and twice at 60 degrees (1/2).
        ([[1, 0], [1, 0], [0.5, 3**0.5 / 2]], 1 / 3),
        # A vector of zeros has no direction: it is like none.
        ([[1, 0], [0, 0]], 1.0),
    ],
    ids=["equal", "orthogonal", "opposite", "of any length", "three", "zero"],
)
def test_diversity_is_that_worked_out_by_hand(rows: list[list[float]], expected: float) -> None:
    assert diversity(vectors(*rows)) == pytest.approx(expected, abs=1e-3)


def plain_diversity(vectors_ND: np.ndarray) -> float:
    exact_ND = vectors_ND.astype(float)
    pairs = [
        1 - (one @ other) / (np.linalg.norm(one) * np.linalg.norm(other))
        for one, other in combinations(exact_ND, 2)
    ]
    return sum(pairs) / len(pairs)


directions = arrays(
    np.float16, st.tuples(st.integers(2, 8), st.just(4)), elements=st.integers(-9, 9)
).filter(lambda drawn: bool(drawn.any(axis=1).all()))


@given(directions)
def test_diversity_agrees_with_the_plain_version(vectors_ND: np.ndarray) -> None:
    assert diversity(vectors_ND) == pytest.approx(plain_diversity(vectors_ND), abs=1e-9)


@given(directions, st.sampled_from([0.25, 2.0, 8.0]))
def test_neither_order_nor_length_of_vectors_changes_diversity(
    vectors_ND: np.ndarray, length: float
) -> None:
    changed_ND = vectors_ND[::-1] * np.float16(length)
    assert diversity(changed_ND) == pytest.approx(diversity(vectors_ND), abs=1e-9)
    assert -1e-9 <= diversity(vectors_ND) <= 2 + 1e-9


@pytest.mark.parametrize(
    ("clicks", "all_clicks", "live", "expected"),
    [
        ([0, 0], 0, 8, 3.0),
        ([3], 4, 4, 1.0),
        ([0], 4, 4, 3.0),
        ([3, 0], 4, 4, 2.0),
        ([5], 5, 1, 0.0),
    ],
    ids=["no clicks yet", "half of all", "never clicked", "their mean", "the only article"],
)
def test_novelty_is_that_worked_out_by_hand(
    clicks: list[int], all_clicks: int, live: int, expected: float
) -> None:
    assert novelty(clicks, all_clicks, live) == pytest.approx(expected)


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=20, unique=True))
def test_what_fewer_have_clicked_is_more_novel(clicks: list[int]) -> None:
    everything = (sum(clicks), len(clicks))
    by_clicks = [novelty([count], *everything) for count in sorted(clicks)]
    assert by_clicks == sorted(by_clicks, reverse=True)
    assert by_clicks[0] == pytest.approx(-log2((min(clicks) + 1) / sum(everything)))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 1, 1, 1], 0.0),
        ([0, 0, 0, 4], 3 / 4),
        ([1, 3], 1 / 4),
        ([3, 1, 2], 2 / 9),
        ([0, 0], 0.0),
        ([], 0.0),
    ],
    ids=["even", "all to one", "two", "any order", "nothing", "nobody"],
)
def test_gini_is_that_worked_out_by_hand(counts: list[float], expected: float) -> None:
    assert gini(np.array(counts, float)) == pytest.approx(expected)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.integers(1, 9))
def test_gini_is_half_the_relative_mean_difference_whatever_the_scale(
    counts: list[int], scale: int
) -> None:
    measured = gini(np.array(counts, float) * scale)
    pairs = sum(abs(one - other) for one in counts for other in counts)
    mean = sum(counts) / len(counts)
    assert measured == pytest.approx(pairs / (2 * len(counts) ** 2 * mean) if mean else 0.0)
    assert 0 <= measured + 1e-12 < 1


def test_accuracy_is_that_of_the_order() -> None:
    measures = Measures()
    measures.ranked([False, True, False])
    measures.ranked([True, False])
    assert measures.estimates["auc"] == Estimate(0.75, 0.25, 2)
    assert measures.values["mrr"] == [1 / 2, 1.0]
    assert measures.values["ndcg@10"] == pytest.approx([1 / log2(3), 1.0])


def test_an_order_of_a_single_class_is_counted_and_left_out() -> None:
    measures = Measures()
    for labels in ([True, True], [False], [False, True]):
        measures.ranked(labels)
    assert measures.single_class == 2
    assert measures.estimates["ndcg@5"].count == 1


def test_a_list_adds_to_every_measure() -> None:
    measures = Measures()
    one = listed(
        "a",
        "b",
        "c",
        live=4,
        vectors=vectors([1, 0], [0, 1], [0, 1]),
        categories=("sports", "news", "news"),
        age_hours=np.array([8.0, 1.0, 3.0]),
        clicks=(3, 0, 0),
        all_clicks=4,
    )
    measures.listed(one)
    means = {name: estimate.mean for name, estimate in measures.estimates.items()}
    expected = {"diversity": 2 / 3, "categories": 2 / 3, "novelty": 7 / 3, "age": 3.0}
    assert means == pytest.approx(expected)


def test_coverage_and_gini_are_of_all_that_was_ever_live() -> None:
    measures = Measures()
    measures.listed(listed("a", "b", live=2))
    measures.listed(listed("a", "c", live=4))
    assert measures.coverage == 3 / 4
    assert measures.gini == pytest.approx(gini(np.array([2.0, 1, 1, 0])))


def test_what_is_not_known_is_not_measured() -> None:
    measures = Measures()
    measures.listed(listed("a", "b", vectors=None, categories=(None, None)))
    assert measures.estimates.keys() == {"novelty", "age"}
    measures.listed(listed("a"))
    assert "diversity" not in measures.estimates


def test_an_empty_list_recommends_nothing_yet_what_was_live_counts() -> None:
    measures = Measures()
    measures.listed(listed(live=5, vectors=None))
    assert measures.estimates == {}
    assert (measures.coverage, measures.gini, measures.live) == (0.0, 0.0, 5)


def test_without_anything_live_there_is_no_coverage() -> None:
    assert (Measures().coverage, Measures().gini) == (0.0, 0.0)

"""What lists are like, by hand and against the plain definition."""

from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import impressions, log_of, news_of, seen
from training.data.impressions import Impression, ImpressionLog
from training.data.ragged import Ragged
from training.evaluation import beyond
from training.evaluation.beyond import beyond_accuracy, coverage, diversity, novelty, top_lists

TWELVE = [(letter, 0) for letter in "abcdefghijkl"]


def test_a_list_is_the_ten_best() -> None:
    log = log_of(seen(TWELVE, history=()), seen({"b": 0, "a": 1}, history=()))
    lists = top_lists(log, np.array([*range(12), 1.0, 5.0]))
    assert [rows.tolist() for rows in lists] == [list(range(2, 12)), [1, 0]]


def test_coverage_is_of_the_news_that_were_shown() -> None:
    log = log_of(seen(TWELVE, history=("z",)))
    assert beyond_accuracy(log, np.arange(12.0)) == {"coverage": 10 / 12}


def test_diversity_is_the_mean_over_pairs_then_over_lists() -> None:
    vectors_ND = np.array([[1, 0], [0, 2], [-3, 0], [5, 0]], np.float16)
    lists = Ragged.of([[0, 1, 2], [0, 3], [1], []])
    assert diversity(lists, vectors_ND) == pytest.approx(((1 + 1 + 2) / 3 + 0) / 2)


def test_a_vector_without_length_is_like_no_other() -> None:
    assert diversity(Ragged.of([[0, 1]]), np.array([[0.0, 0.0], [0.0, 1.0]])) == 1.0


def test_lists_of_one_have_no_diversity() -> None:
    log = log_of(seen({"a": 1}))
    assert "diversity" not in beyond_accuracy(log, np.zeros(1), np.ones((2, 3)))


def test_novelty_is_in_bits_by_earlier_clicks() -> None:
    now, before = seen({"a": 0, "b": 1}, history=()), seen({"a": 1, "c": 0, "d": 0}, history=())
    news = news_of(now, before)
    log, prior = ImpressionLog.of(news, [now]), ImpressionLog.of(news, [before, before])
    measured = beyond_accuracy(log, np.zeros(2), prior=prior)
    assert measured["novelty"] == pytest.approx((-log2(3 / 6) - log2(1 / 6)) / 2)


def test_without_an_earlier_log_there_is_no_novelty() -> None:
    log = log_of(seen({"a": 1}))
    assert novelty(top_lists(log, np.zeros(1)), log, None) is None


def test_an_earlier_log_over_other_news_is_refused() -> None:
    log, other = log_of(seen({"a": 1})), log_of(seen({"a": 1}))
    with pytest.raises(ValueError, match="one news table"):
        beyond_accuracy(log, np.zeros(1), prior=other)


def test_a_log_of_nothing_has_no_measures() -> None:
    log = log_of()
    assert beyond_accuracy(log, np.zeros(0), np.ones((0, 3)), log) == {}


def plain_diversity(vectors_ND: np.ndarray, rows: list[int]) -> float:
    def cosine(one: int, other: int) -> float:
        a, b = vectors_ND[one], vectors_ND[other]
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    return float(np.mean([1 - cosine(*pair) for pair in combinations(rows, 2)]))


@given(st.lists(impressions, min_size=1, max_size=9), st.integers(0, 2**32 - 1))
def test_measures_are_those_of_the_plain_definitions(of_log: list[Impression], seed: int) -> None:
    log, rng = log_of(*of_log), np.random.default_rng(seed)
    vectors_ND, scores_S = rng.standard_normal((len(log.news), 4)), rng.random(len(log.labels))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(beyond, "CHUNK", 2)
        measured = beyond_accuracy(log, scores_S, vectors_ND, log)
    lists = []
    for i, start in enumerate(log.candidates.starts[:-1]):
        rows = log.candidates[i]
        best = np.argsort(-scores_S[start : start + len(rows)])[:10]
        lists.append(rows[best].tolist())
    listed = {row for rows in lists for row in rows}
    assert measured["coverage"] == len(listed) / len(set(log.candidates.values.tolist()))
    pairs = [plain_diversity(vectors_ND, rows) for rows in lists if len(rows) > 1]
    expected = pytest.approx(np.mean(pairs), abs=1e-6) if pairs else None
    assert measured.get("diversity") == expected
    clicks = [int((log.clicks.values == row).sum()) for row in range(len(log.news))]
    bits = [-log2((count + 1) / (sum(clicks) + len(clicks))) for count in clicks]
    means = [np.mean([bits[row] for row in rows]) for rows in lists]
    assert measured["novelty"] == pytest.approx(np.mean(means))


def test_coverage_of_no_candidates_is_nothing() -> None:
    log = log_of(seen([]))
    assert coverage(top_lists(log, np.zeros(0)), log) is None

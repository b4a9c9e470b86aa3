"""Small languages are drawn more often than they have texts, by the formula."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.adaptation.sampling import Tempered, probabilities
from training.errors import BadRecipe

LANGUAGES = ["eng"] * 1_000 + ["deu"] * 125 + ["swa"] * 8 + ["xho"] * 7


def test_probabilities_are_the_papers() -> None:
    # 1000, 125 and 8 texts have cube roots 10, 5 and 2.
    expected = [10 / 17, 5 / 17, 2 / 17]
    assert np.allclose(probabilities([1_000, 125, 8], 1 / 3), expected, atol=1e-15)
    assert np.allclose(probabilities([30, 10], 1), [0.75, 0.25])
    assert np.allclose(probabilities([30, 10], 0), [0.5, 0.5])


def test_small_languages_are_dropped_and_named() -> None:
    sampling = Tempered.of(LANGUAGES, least=8, exponent=1 / 3)
    assert sampling.dropped == {"xho": 7}
    assert {name: len(rows) for name, rows in sampling.rows.items()} == {
        "deu": 125,
        "eng": 1_000,
        "swa": 8,
    }
    assert all({LANGUAGES[row] for row in rows} == {name} for name, rows in sampling.rows.items())
    assert np.allclose(sampling.probabilities_L, [5 / 17, 10 / 17, 2 / 17])


def test_an_epoch_draws_languages_as_the_formula_says() -> None:
    sampling = Tempered.of(LANGUAGES, least=8, exponent=1 / 3)
    epochs = [sampling.epoch(number, seed=1) for number in range(50)]
    drawn = Counter(LANGUAGES[row] for rows in epochs for row in rows.tolist())
    size = 50 * len(sampling)
    assert drawn.total() == size
    for name, p in zip(sampling.rows, sampling.probabilities_L.tolist(), strict=True):
        assert abs(drawn[name] - p * size) < 5 * (size * p * (1 - p)) ** 0.5


def test_epochs_differ_and_a_seed_decides_them() -> None:
    sampling = Tempered.of(LANGUAGES, least=8, exponent=1 / 3)
    first = sampling.epoch(0, seed=1)
    assert (first == Tempered.of(LANGUAGES, 8, 1 / 3).epoch(0, seed=1)).all()
    assert (first != sampling.epoch(1, seed=1)).any()
    assert (first != sampling.epoch(0, seed=2)).any()
    names = [LANGUAGES[row] for row in first.tolist()]
    assert names != sorted(names)


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.floats(0, 1), st.integers(0, 99))
def test_within_a_language_no_row_comes_twice_before_each_came_once(
    counts: list[int], exponent: float, seed: int
) -> None:
    languages = [str(number) for number, count in enumerate(counts) for _ in range(count)]
    sampling = Tempered.of(languages, 1, exponent)
    drawn = Counter(sampling.epoch(0, seed).tolist())
    assert drawn.total() == len(languages)
    for rows in sampling.rows.values():
        times = [drawn[row] for row in rows.tolist()]
        assert max(times) - min(times) <= 1


def test_nothing_left_is_an_error_that_says_how_much_there_is() -> None:
    with pytest.raises(BadRecipe, match=r"no language has 101 texts .*; eng has most, 3"):
        Tempered.of(["deu", "eng", "eng", "eng"], 101, 1 / 3)

"""Means, their standard errors, and differences in pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.estimates import Estimate

pairs = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20)


def test_a_paired_difference_is_that_worked_out_by_hand() -> None:
    # Differences 0.5, 0 and 0.25: mean 0.25, deviation 0.25, over the root of three.
    ours, theirs = np.array([1.0, 0.5, 0.5]), np.array([0.5, 0.5, 0.25])
    difference = Estimate.of_difference(ours, theirs)
    assert difference.mean == pytest.approx(0.25)
    assert difference.standard_error == pytest.approx(0.25 / 3**0.5)
    assert difference.count == 3


def test_what_always_differs_by_the_same_is_sure_however_the_values_scatter() -> None:
    values = np.array([0.0, 0.5, 1.0])
    assert Estimate.of_difference(values + 0.25, values) == Estimate(0.25, 0.0, 3)


@given(pairs)
def test_a_paired_difference_turns_around_with_its_sides(values: list[tuple[float, float]]) -> None:
    ours, theirs = np.array(values).T
    there, back = Estimate.of_difference(ours, theirs), Estimate.of_difference(theirs, ours)
    assert there.mean == pytest.approx(-back.mean)
    assert there.mean == pytest.approx(ours.mean() - theirs.mean(), abs=1e-12)
    assert there.standard_error == pytest.approx(back.standard_error)


def test_values_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        Estimate.of_difference(np.zeros(2), np.zeros(1))

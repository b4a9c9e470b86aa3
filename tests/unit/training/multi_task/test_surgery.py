"""Gradient surgery, by hand and for any gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from training.multi_task.surgery import Gradient, Surgery, inner, main_priority, symmetric

BOTH = pytest.mark.parametrize("surgery", [symmetric, main_priority])
MAIN, AUXILIARY = [1.0, 0.0], [-1.0, 1.0]
"""Their inner product is -1, their squares are 1 and 2."""


def cut(surgery: Surgery, main: list[float], auxiliary: list[float]) -> list[float]:
    """Of single vectors."""
    (found,) = surgery([torch.tensor(main)], [torch.tensor(auxiliary)])
    values: list[float] = found.tolist()
    return values


def test_symmetric_surgery_takes_from_each_what_points_against_the_other() -> None:
    # g_a' = (−1, 1) + 1·(1, 0) = (0, 1); g_m' = (1, 0) + ½·(−1, 1) = (½, ½)
    assert cut(symmetric, MAIN, AUXILIARY) == pytest.approx([0.5, 1.5])


def test_with_main_priority_the_auxiliary_gradient_alone_gives_way() -> None:
    # g_m + g_a' = (1, 0) + (0, 1)
    assert cut(main_priority, MAIN, AUXILIARY) == pytest.approx([1, 1])


def test_what_is_opposite_cancels_out() -> None:
    assert cut(symmetric, [2.0, 0.0], [-1.0, 0.0]) == [0, 0]
    assert cut(main_priority, [2.0, 0.0], [-1.0, 0.0]) == [2, 0]


@BOTH
def test_gradients_that_agree_are_summed(surgery: Surgery) -> None:
    assert (
        cut(surgery, [0.1, 0.7], [0.3, 0.2])
        == torch.tensor([0.1, 0.7]).add(torch.tensor([0.3, 0.2])).tolist()
    )
    assert cut(surgery, [1.0, 0.0], [0.0, 3.0]) == [1, 3]


@BOTH
def test_a_gradient_of_nothing_leaves_the_other_as_it_is(surgery: Surgery) -> None:
    assert cut(surgery, [0.0, 0.0], [-2.0, 1.0]) == [-2, 1]
    assert cut(surgery, [-2.0, 1.0], [0.0, 0.0]) == [-2, 1]
    assert cut(surgery, [0.0], [0.0]) == [0]
    assert surgery([], []) == []


def test_many_weights_are_one_vector() -> None:
    main = [torch.tensor([[1.0]]), torch.tensor([0.0, 2.0])]
    auxiliary = [torch.tensor([[-4.0]]), torch.tensor([0.0, 1.0])]
    # ⟨g_m,g_a⟩ = −4 + 2 = −2, |g_m|² = 5, |g_a|² = 17: the first weight's alone would be −4
    expected = [[[1 - 2 / 17 * 4 - 4 + 2 / 5]], [0, 2 + 2 / 17 + 1 + 2 / 5 * 2]]
    found = symmetric(main, auxiliary)
    assert [tensor.shape for tensor in found] == [tensor.shape for tensor in main]
    for tensor, values in zip(found, expected, strict=True):
        torch.testing.assert_close(tensor, torch.tensor(values))


@BOTH
@pytest.mark.parametrize("size", [1e-30, 1e-18, 1e18])
def test_surgery_depends_on_the_angle_alone_however_small_or_large_gradients_are(
    surgery: Surgery, size: float
) -> None:
    expected = cut(surgery, MAIN, AUXILIARY)
    found = cut(surgery, [size * part for part in MAIN], [size * part for part in AUXILIARY])
    assert [part / size for part in found] == pytest.approx(expected, rel=1e-5)


parts = st.floats(-8, 8, width=32)
vectors = st.lists(parts, min_size=3, max_size=3).map(torch.tensor)


def minus(one: Gradient, other: Gradient) -> list[Tensor]:
    return [a - b for a, b in zip(one, other, strict=True)]


@given(vectors, vectors)
def test_what_is_applied_never_points_against_either_task(main: Tensor, auxiliary: Tensor) -> None:
    before = main.clone(), auxiliary.clone()
    longest = float(torch.stack([main, auxiliary]).abs().max())
    for surgery in (symmetric, main_priority):
        applied = surgery([main], [auxiliary])
        assert inner(applied, [main]) >= -1e-4 * longest**2
    assert inner(symmetric([main], [auxiliary]), [auxiliary]) >= -1e-4 * longest**2
    left = minus(main_priority([main], [auxiliary]), [main])  # g_a'
    assert inner(left, [main]) >= -1e-4 * longest**2
    assert torch.equal(main, before[0])
    assert torch.equal(auxiliary, before[1])

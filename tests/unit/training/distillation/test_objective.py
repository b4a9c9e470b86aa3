"""The loss: nothing at equality, as computed by hand, and with the gradient that it should have."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from training.distillation.objective import Objective

EVERY = torch.tensor([True, True, True, True])
SOME = torch.tensor([True, False, True, False])


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def objective(relational: float, dimensions: int = 4, seed: int = 3) -> Objective:
    """Over six numbers a target, learned in so many coordinates."""
    basis_JS, _ = torch.linalg.qr(random(6, dimensions, seed=seed))
    return Objective(basis_JS, relational)


@given(st.integers(0, 99), st.floats(0.1, 30), st.sampled_from([EVERY, SOME]))
def test_at_its_targets_a_student_loses_nothing_whatever_its_lengths(
    seed: int, length: float, whole_B: Tensor
) -> None:
    loss = objective(5.0)
    vectors_BS = random(4, 4, seed=seed) * length
    joint_BJ = normalize(vectors_BS @ loss.basis_JS.T)
    assert float(loss(vectors_BS, joint_BJ, whole_B)) == pytest.approx(0, abs=1e-9)


def test_the_cosines_are_as_computed_by_hand() -> None:
    """The first two are whole; of the third the second half of the target is unknown."""
    answers_BJ = torch.tensor([[3.0, 0, 0, 4], [0, 2, 0, 0], [1, 1, 7, 7]])
    joint_BJ = torch.tensor([[0.6, 0, 0.8, 0], [0, 1, 0, 0], [1, 0, 0, 0]])
    whole_B = torch.tensor([True, True, False])
    cosines_B = Objective.cosines(answers_BJ, joint_BJ, whole_B)
    assert cosines_B.tolist() == pytest.approx([3 / 5 * 0.6, 1, 2**-0.5], abs=1e-5)
    loss = Objective(torch.eye(4), relational=0)
    expected = 1 - (0.36 + 1 + 2**-0.5) / 3
    assert float(loss(answers_BJ, joint_BJ, whole_B)) == pytest.approx(expected, abs=1e-5)


def test_the_similarities_within_a_batch_are_as_computed_by_hand() -> None:
    """Two whole texts at right angles where they should be at 60°; a third does not count."""
    answers_BJ = torch.tensor([[2.0, 0, 0, 0], [0, 3, 0, 0], [5, 5, 5, 5]])
    joint_BJ = torch.tensor([[1.0, 0, 0, 0], [0.5, 0.75**0.5, 0, 0], [0.5, 0.5, 0, 0]])
    whole_B = torch.tensor([True, True, False])
    cosines = (1 + 0.75**0.5 + 1) / 3
    relations = (0 + 0.25 + 0.25 + 0) / 4
    loss = Objective(torch.eye(4), relational=8)
    expected = 1 - cosines + 8 * relations
    assert float(loss(answers_BJ, joint_BJ, whole_B)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("whole_B", [EVERY, SOME, ~(SOME | EVERY)], ids=["all", "some", "none"])
@pytest.mark.parametrize("relational", [0.0, 7.0])
def test_the_gradient_is_the_losss(relational: float, whole_B: Tensor) -> None:
    loss, joint_BJ = objective(relational), normalize(random(4, 6, seed=8))
    vectors_BS = random(4, 4, seed=9).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: loss(given, joint_BJ, whole_B), vectors_BS)


@pytest.mark.parametrize("relational", [0.0, 7.0])
def test_half_a_target_is_compared_with_half_an_answer(relational: float) -> None:
    loss = objective(relational, dimensions=6)
    vectors_BS, joint_BJ = random(4, 6, seed=1), random(4, 6, seed=2)
    other_BJ = joint_BJ.clone()
    other_BJ[~SOME, 3:] = random(2, 3, seed=4)
    assert torch.equal(loss(vectors_BS, joint_BJ, SOME), loss(vectors_BS, other_BJ, SOME))
    other_BJ[SOME, 3:] = random(2, 3, seed=5)
    assert not torch.equal(loss(vectors_BS, joint_BJ, SOME), loss(vectors_BS, other_BJ, SOME))


def test_one_whole_text_alone_has_no_similarities() -> None:
    one_B = torch.tensor([False, True, False, False])
    vectors_BS, joint_BJ = random(4, 4, seed=1), random(4, 6, seed=2)
    with_relations = objective(7.0)(vectors_BS, joint_BJ, one_B)
    assert torch.equal(with_relations, objective(0.0)(vectors_BS, joint_BJ, one_B))

"""Tiny-NewsRec's formulas: as computed by hand, with the gradients that they should have."""

from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from tests.unit.training.compression.conftest import Numbers
from training.compression.multi_teacher import (
    distances,
    embedding_loss,
    equal_weights,
    inverse_losses,
    losses_of,
    mean_distances,
    soft_label_loss,
    soft_labels,
    total,
    weights_of,
)
from training.compression.settings import Losses, Weighing
from training.errors import BadRecipe

LN2, LN3 = log(2), log(3)
PARTS = ("soft_labels", "embeddings", "own")
WEIGHINGS: list[Weighing] = ["adaptive", "equal", "inverse_loss"]


def close(found: Tensor, expected: object) -> None:
    torch.testing.assert_close(
        found.double(), torch.tensor(expected, dtype=torch.float64), atol=1e-6, rtol=0
    )


# By hand


def test_a_samples_loss_is_that_of_its_first_candidate() -> None:
    """softmax(ln 3, 0) = (3/4, 1/4)."""
    close(losses_of(torch.tensor([[LN3, 0.0], [0.0, LN3], [7.0, 7.0]])), [log(4 / 3), log(4), LN2])


def test_weights_are_the_softmax_of_minus_the_losses() -> None:
    """e^−ln 2 = 1/2 and e^−ln 4 = 1/4, of 3/4."""
    close(weights_of(torch.tensor([[log(2), 0.0], [log(4), 0.0]])), [[2 / 3, 0.5], [1 / 3, 0.5]])


def test_equal_and_inverse_weights() -> None:
    losses_MB = torch.tensor([[0.0, 1.0], [1.0, 3.0]])
    close(equal_weights(losses_MB), [[0.5, 0.5], [0.5, 0.5]])
    close(inverse_losses(losses_MB), [[1 / 2, 1 / 4], [1 / 4, 1 / 8]])


def test_soft_labels_are_the_weighted_mean_of_what_the_teachers_hold_likely() -> None:
    """At T = 2 the scores (2 ln 3, 0) give (3/4, 1/4): 2/3 · 3/4 + 1/3 · 1/2 = 2/3."""
    teachers_MBC = torch.tensor([[[2 * LN3, 0.0]], [[5.0, 5.0]]])
    close(soft_labels(torch.tensor([[2 / 3], [1 / 3]]), teachers_MBC, 2.0), [[2 / 3, 1 / 3]])


def test_the_soft_label_loss() -> None:
    """The first student holds both alike; the second at T = 2 with 3/4 and 1/4."""
    labels_BC = torch.tensor([[0.75, 0.25], [0.5, 0.5]])
    student_BC = torch.tensor([[1.0, 1.0], [2 * LN3, 0.0]])
    second = 0.5 * log(4 / 3) + 0.5 * log(4)
    close(soft_label_loss(labels_BC, student_BC, 2.0), 4 * (LN2 + second) / 2)


def test_distances_are_means_over_the_dimensions() -> None:
    projected_MBD = torch.tensor([[[1.0, 2.0]], [[3.0, -4.0]]])
    close(distances(projected_MBD, torch.tensor([[1.0, 0.0]])), [[2.0], [10.0]])


def test_of_a_samples_vectors_those_count_that_the_mask_shows() -> None:
    distances_MBK = torch.tensor([[[1.0, 3.0, 99.0], [8.0, 8.0, 8.0]]])
    close(mean_distances(distances_MBK, torch.tensor([[1, 1, 0], [0, 0, 0]])), [[2.0, 0.0]])


def test_the_embedding_loss() -> None:
    weights_MB, distances_MB = (
        torch.tensor([[0.75, 0.5], [0.25, 0.5]]),
        torch.tensor([[4.0, 2.0], [8.0, 6.0]]),
    )
    close(embedding_loss(weights_MB, distances_MB), ((3 + 2) + (1 + 3)) / 2)


def test_the_whole_sum() -> None:
    """One sample, two teachers, T = 2, own weight 0.2, in plain numbers."""
    teachers, student = [[1.0, 0.0, -1.0], [0.0, 2.0, 0.5]], [0.5, 0.25, -0.5]
    of_titles, of_bodies = [3.0, 1.0], [0.5, 2.0]

    def chances(scores: list[float], temperature: float) -> list[float]:
        raised = [exp(score / temperature) for score in scores]
        return [one / sum(raised) for one in raised]

    rights = [chances(scores, 1)[0] for scores in teachers]  # e^−CE is the right one's chance
    alphas = [one / sum(rights) for one in rights]
    hot = [chances(scores, 2) for scores in teachers]
    labels = [sum(a * one[c] for a, one in zip(alphas, hot, strict=True)) for c in range(3)]
    soft = -4 * sum(p * log(q) for p, q in zip(labels, chances(student, 2), strict=True))
    embeddings = sum(a * (t + b) for a, t, b in zip(alphas, of_titles, of_bodies, strict=True))
    own = -log(chances(student, 1)[0])
    found = total(
        torch.tensor([student], dtype=torch.float64),
        torch.tensor(teachers, dtype=torch.float64).unsqueeze(1),
        [torch.tensor(some, dtype=torch.float64).unsqueeze(1) for some in (of_titles, of_bodies)],
        Losses(temperature=2.0, own_weight=0.2),
    )
    close(found, soft + embeddings + 0.2 * own)


# What must hold of them


@given(st.lists(st.lists(st.floats(0, 30), min_size=3, max_size=3), min_size=1, max_size=5))
def test_weights_sum_to_one_and_prefer_the_better_teacher(losses: list[list[float]]) -> None:
    losses_MB = torch.tensor(losses, dtype=torch.float64)
    weights_MB = weights_of(losses_MB)
    torch.testing.assert_close(weights_MB.sum(dim=0), torch.ones(3, dtype=torch.float64))
    for one_M, loss_M in zip(weights_MB.T, losses_MB.T, strict=True):
        best, worst = int(loss_M.argmin()), int(loss_M.argmax())
        assert one_M[best] >= 1 / len(losses) - 1e-12 >= one_M[worst] - 2e-12
        if loss_M[worst] - loss_M[best] > 0.01:
            assert one_M[best] > one_M[worst]


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_at_its_single_teachers_scores_a_student_has_the_teachers_entropy_and_no_gradient(
    temperature: float, numbers: Numbers
) -> None:
    teacher_BC = numbers(3, 5)
    student_BC = teacher_BC.clone().requires_grad_()
    labels_BC = soft_labels(torch.ones(1, 3).double(), teacher_BC.unsqueeze(0), temperature)
    loss = soft_label_loss(labels_BC, student_BC, temperature)
    entropy = float(-(labels_BC * labels_BC.log()).sum(dim=-1).mean())
    assert float(loss.detach()) == pytest.approx(temperature**2 * entropy)
    loss.backward()
    assert student_BC.grad is not None
    assert student_BC.grad.abs().max() < 1e-12


def test_one_teacher_is_plain_distillation(numbers: Numbers) -> None:
    """Hinton's loss, the squared differences and the own loss, without any weight."""
    student_BC, teacher_BC, mine_BD, theirs_BD = (
        numbers(3, 4),
        numbers(3, 4),
        numbers(3, 6),
        numbers(3, 6),
    )
    divergence = torch.nn.KLDivLoss(reduction="batchmean")
    chances_BC = (teacher_BC / 2).softmax(-1)
    soft = (
        divergence((student_BC / 2).log_softmax(-1), chances_BC)
        - (chances_BC * chances_BC.log()).sum() / 3
    )
    squares = torch.nn.functional.mse_loss(mine_BD, theirs_BD)
    own = torch.nn.functional.cross_entropy(student_BC, torch.zeros(3, dtype=torch.int64))
    found = total(
        student_BC,
        teacher_BC.unsqueeze(0),
        [distances(theirs_BD.unsqueeze(0), mine_BD)],
        Losses(temperature=2.0),
    )
    assert float(found) == pytest.approx(float(4 * soft + squares + own))


@pytest.mark.parametrize("weights", WEIGHINGS)
def test_the_gradient_is_the_losss(weights: Weighing, numbers: Numbers) -> None:
    teachers_MBC = numbers(3, 2, 4)
    losses = Losses(temperature=1.7, own_weight=0.3, weights=weights)
    mine_BD, projected_MBD = numbers(2, 5).requires_grad_(), numbers(3, 2, 5).requires_grad_()
    student_BC = numbers(2, 4).requires_grad_()

    def loss(scores_BC: Tensor, projected: Tensor, vectors_BD: Tensor) -> Tensor:
        return total(scores_BC, teachers_MBC, [distances(projected, vectors_BD)], losses)

    assert gradcheck(loss, (student_BC, projected_MBD, mine_BD))


def test_the_gradient_of_each_part_is_its_own(numbers: Numbers) -> None:
    weights_MB, labels_BC = numbers(3, 2).softmax(0), numbers(2, 4).softmax(-1)
    assert gradcheck(losses_of, numbers(2, 4).requires_grad_())
    assert gradcheck(lambda s: soft_label_loss(labels_BC, s, 1.3), numbers(2, 4).requires_grad_())
    assert gradcheck(lambda d: embedding_loss(weights_MB, d), numbers(3, 2).requires_grad_())
    shown_BK = torch.tensor([[1, 1, 0], [0, 0, 0]])
    assert gradcheck(lambda d: mean_distances(d, shown_BK), numbers(3, 2, 3).requires_grad_())
    assert gradcheck(weights_of, numbers(3, 2).requires_grad_())
    assert gradcheck(inverse_losses, (numbers(3, 2) ** 2).requires_grad_())


@pytest.mark.parametrize("left_out", PARTS)
def test_a_loss_that_is_left_out_takes_exactly_its_gradient_with_it(
    left_out: str, numbers: Numbers
) -> None:
    teachers_MBC, student_BC = numbers(3, 2, 4), numbers(2, 4)
    theirs_MBD, mine_BD = numbers(3, 2, 5), numbers(2, 5)

    def gradients(**losses: bool) -> list[Tensor]:
        scores_BC, vectors_BD = (one.clone().requires_grad_() for one in (student_BC, mine_BD))
        loss = total(
            scores_BC,
            teachers_MBC,
            [distances(theirs_MBD, vectors_BD)],
            Losses.model_validate(losses),
        )
        found = torch.autograd.grad(loss, (scores_BC, vectors_BD), allow_unused=True)
        given = (scores_BC, vectors_BD)
        return [
            torch.zeros_like(one) if g is None else g for g, one in zip(found, given, strict=True)
        ]

    every, without = gradients(), gradients(**{left_out: False})
    alone = gradients(**{part: part == left_out for part in PARTS})
    for whole, rest, part in zip(every, without, alone, strict=True):
        torch.testing.assert_close(whole - rest, part)
    assert any(part.abs().max() > 1e-3 for part in alone)


def test_teachers_scores_get_no_gradient(numbers: Numbers) -> None:
    teachers_MBC, student_BC = numbers(3, 2, 4).requires_grad_(), numbers(2, 4).requires_grad_()
    distances_MB = numbers(3, 2).requires_grad_()
    total(student_BC, teachers_MBC, [distances_MB], Losses()).backward()
    assert teachers_MBC.grad is None
    assert student_BC.grad is not None
    assert distances_MB.grad is not None


def test_a_student_without_a_loss_is_refused() -> None:
    with pytest.raises(BadRecipe, match="a student without a loss learns nothing"):
        Losses().changed(["own=false", "embeddings=false", "soft_labels=false"])

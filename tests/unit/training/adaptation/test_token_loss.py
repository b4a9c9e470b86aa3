"""The loss over a vocabulary in chunks is the loss, and its gradients are the gradients."""

from math import log

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tests.unit.training.slopes import check_slope
from training.adaptation.token_loss import token_loss


def drawn(tokens: int, pieces: int, dimension: int, seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    shapes = ((tokens, dimension), (pieces, dimension), (pieces,))
    given = [torch.randn(shape, generator=random, dtype=torch.float64) for shape in shapes]
    wanted = torch.randint(0, pieces, (tokens,), generator=random)
    return [*(tensor.requires_grad_() for tensor in given), wanted]


def test_it_is_what_is_computed_by_hand() -> None:
    # Logits ln 2, ln 3 and ln 1 are odds of 2 : 3 : 1; with a bias of ln 3 for the last, 2 : 3 : 3.
    table = torch.tensor([[log(2), 0.0], [0.0, log(3)], [0.0, 0.0]])
    states, wanted = torch.ones(2, 2), torch.tensor([1, 0])
    loss = token_loss(states, table, torch.zeros(3), wanted)
    assert loss.item() == pytest.approx((log(6 / 3) + log(6 / 2)) / 2, abs=1e-5)
    loss = token_loss(states, table, torch.tensor([0.0, 0.0, log(3)]), wanted)
    assert loss.item() == pytest.approx((log(8 / 3) + log(8 / 2)) / 2, abs=1e-5)


@pytest.mark.parametrize("logits", [1, 9, 27, 40, 10_000])
def test_in_chunks_it_is_the_plain_one_and_so_are_its_gradients(logits: int) -> None:
    *given, wanted = drawn(11, 9, 6)
    states, table, bias = given
    plain = cross_entropy(states @ table.T + bias, wanted)
    chunked = token_loss(states, table, bias, wanted, logits)
    assert torch.allclose(chunked, plain, atol=1e-12)
    expected = torch.autograd.grad(3 * plain, given)
    found = torch.autograd.grad(3 * chunked, given)
    assert all(torch.allclose(f, e, atol=1e-12) for f, e in zip(found, expected, strict=True))


def test_logits_that_no_exponential_holds_are_no_trouble() -> None:
    table = torch.tensor([[2_000.0], [0.0]])
    states = torch.ones(1, 1, requires_grad=True)
    loss = token_loss(states, table, torch.zeros(2), torch.tensor([1]))
    (gradient,) = torch.autograd.grad(loss, [states])
    assert (loss.item(), gradient.item()) == (2_000.0, 2_000.0)


def test_a_row_that_is_looked_up_sparsely_has_both_gradients() -> None:
    """As in the autoencoder: the table is read by look-ups and again by the head."""
    _, table, bias, wanted = drawn(4, 9, 6)
    ids = torch.tensor([3, 3, 5, 0])

    def gradient(sparse: bool) -> Tensor:
        states = torch.nn.functional.embedding(ids, table, sparse=sparse)
        (found,) = torch.autograd.grad(token_loss(states.tanh(), table, bias, wanted), [table])
        return found

    assert not gradient(sparse=True).is_sparse
    assert torch.allclose(gradient(sparse=True), gradient(sparse=False), atol=1e-12)


@pytest.mark.parametrize("logits", [9, 10_000])
def test_its_gradients_are_the_numerical_ones(logits: int) -> None:
    *given, wanted = drawn(4, 9, 3)
    model = nn.ParameterList(given)
    check_slope(model, lambda: token_loss(*model, wanted, logits))


def test_what_does_not_learn_gets_no_gradient() -> None:
    states, table, bias, wanted = drawn(4, 9, 3)
    all_of_it = torch.autograd.grad(token_loss(states, table, bias, wanted), [states, bias])
    table.requires_grad_(False)
    loss = token_loss(states, table, bias, wanted)
    alone = torch.autograd.grad(loss, [states, bias])
    assert all(torch.equal(one, other) for one, other in zip(all_of_it, alone, strict=True))

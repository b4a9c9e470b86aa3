"""Attention against numpy by hand, and nothing that a mask hides."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from training.models.attention import (
    AdditiveAttention,
    PerDimensionAttention,
    SelfAttention,
    masked_softmax,
)

Float64 = NDArray[np.float64]
Attention = AdditiveAttention | PerDimensionAttention
KINDS = [AdditiveAttention, PerDimensionAttention]
DIMENSION = 6


def attention_of(kind: type[Attention], seed: int = 3) -> Attention:
    torch.manual_seed(seed)
    return kind(DIMENSION).eval()


def sequences(*lengths: int, width: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    """States with garbage behind every sequence's length, and the mask that hides it."""
    random = torch.Generator().manual_seed(seed)
    states_BLD = torch.randn(len(lengths), width, DIMENSION, generator=random)
    mask_BL = (torch.arange(width) < torch.tensor(lengths).unsqueeze(1)).to(torch.int64)
    garbage_BLD = 100 * torch.randn(states_BLD.shape, generator=random)
    return torch.where(mask_BL.unsqueeze(-1) == 1, states_BLD, garbage_BLD), mask_BL


def softmax(logits: Float64) -> Float64:
    raised: Float64 = np.exp(logits - logits.max(axis=0))
    return raised / raised.sum(axis=0)


def of(tensor: Tensor) -> Float64:
    return tensor.detach().numpy().astype(np.float64)


@torch.no_grad()
def test_additive_attention_is_the_papers_formula() -> None:
    attend = attention_of(AdditiveAttention)
    assert isinstance(attend, AdditiveAttention)
    states_BLD, mask_BL = sequences(3, width=3)
    W, b, q = of(attend.project.weight), of(attend.project.bias), of(attend.query.weight)[0]
    clicks_LD = of(states_BLD[0])
    weights_L = softmax(np.array([q @ np.tanh(W @ click_D + b) for click_D in clicks_LD]))
    by_hand_D = sum(weight * click_D for weight, click_D in zip(weights_L, clicks_LD, strict=True))
    assert of(attend(states_BLD, mask_BL)[0]) == pytest.approx(by_hand_D, abs=1e-6)


@torch.no_grad()
def test_attention_per_dimension_weighs_every_dimension_apart() -> None:
    attend = attention_of(PerDimensionAttention)
    assert isinstance(attend, PerDimensionAttention)
    states_BLD, mask_BL = sequences(4, width=4)
    W, q_D, clicks_LD = of(attend.project.weight), of(attend.query_D), of(states_BLD[0])
    weights_LD = softmax(np.stack([q_D * np.tanh(W @ click_D) for click_D in clicks_LD]))
    by_hand_D = (weights_LD * clicks_LD).sum(axis=0)
    assert of(attend(states_BLD, mask_BL)[0]) == pytest.approx(by_hand_D, abs=1e-6)


@torch.no_grad()
def test_self_attention_is_the_scaled_dot_product_of_each_head() -> None:
    torch.manual_seed(5)
    heads, per_head = 2, 3
    look = SelfAttention(DIMENSION, heads, per_head)
    states_BLD, mask_BL = sequences(4, width=4)
    parts = of(look.project(states_BLD))[0].reshape(4, 3, heads, per_head)
    by_hand = np.empty((4, heads, per_head))
    for head in range(heads):
        query, key, value = (parts[:, part, head] for part in range(3))
        weights = softmax((query @ key.T / np.sqrt(per_head)).T).T
        by_hand[:, head] = weights @ value
    assert of(look(states_BLD, mask_BL))[0] == pytest.approx(by_hand.reshape(4, -1), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@given(length=st.integers(1, 5), more=st.integers(0, 6), seed=st.integers(0, 99))
@torch.no_grad()
def test_what_the_mask_hides_never_matters(
    kind: type[Attention], length: int, more: int, seed: int
) -> None:
    attend = attention_of(kind)
    states_BLD, mask_BL = sequences(length, width=length + more, seed=seed)
    alone_BD = attend(states_BLD[:, :length], mask_BL[:, :length])
    torch.testing.assert_close(attend(states_BLD, mask_BL), alone_BD, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_places_hidden_in_the_middle_are_passed_over(kind: type[Attention]) -> None:
    attend = attention_of(kind)
    states_BLD, _ = sequences(5, width=5)
    mask_BL = torch.tensor([[1, 0, 1, 0, 1]])
    without_BD = attend(states_BLD[:, ::2], torch.ones(1, 3))
    torch.testing.assert_close(attend(states_BLD, mask_BL), without_BD, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_a_sequence_hidden_whole_gives_zeros(kind: type[Attention]) -> None:
    vectors_BD = attention_of(kind)(*sequences(0, 2, width=4))
    assert vectors_BD[0].tolist() == [0] * DIMENSION
    assert vectors_BD[1].abs().sum() > 0


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_the_terms_sum_to_the_vector_and_paddings_are_zero(kind: type[Attention]) -> None:
    attend = attention_of(kind)
    states_BLD, mask_BL = sequences(2, 5, 0, width=5)
    terms_BLD = attend.terms(states_BLD, mask_BL)
    torch.testing.assert_close(terms_BLD.sum(dim=1), attend(states_BLD, mask_BL))
    assert not terms_BLD[mask_BL == 0].any()


@given(length=st.integers(1, 5), more=st.integers(0, 6), seed=st.integers(0, 99))
@torch.no_grad()
def test_self_attention_ignores_hidden_places(length: int, more: int, seed: int) -> None:
    torch.manual_seed(5)
    look = SelfAttention(DIMENSION, 2, 4)
    states_BLD, mask_BL = sequences(length, width=length + more, seed=seed)
    alone_BLD = look(states_BLD[:, :length], mask_BL[:, :length])
    seen_BLD = look(states_BLD, mask_BL)[:, :length]
    torch.testing.assert_close(seen_BLD, alone_BLD, atol=1e-6, rtol=1e-5)


def test_self_attention_over_nothing_is_still_a_number_and_so_is_its_gradient() -> None:
    look = SelfAttention(DIMENSION, 2, 4)
    states_BLD, mask_BL = sequences(0, width=3)
    look(states_BLD, mask_BL).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in look.parameters())


@given(st.lists(st.integers(0, 1), min_size=1, max_size=8))
def test_the_weights_of_the_shown_sum_to_one(mask: list[int]) -> None:
    logits_BLX = torch.linspace(-3, 3, len(mask)).view(1, -1, 1)
    weights_L = masked_softmax(logits_BLX, torch.tensor(mask).view(1, -1, 1)).flatten()
    assert float(weights_L.sum()) == pytest.approx(1 if any(mask) else 0, abs=1e-6)
    assert all(weight == 0 for weight, shown in zip(weights_L, mask, strict=True) if not shown)

"""Poolings that are given the first token alone, as published code gives it."""

import pytest
import torch

from training.models.pooling import (
    OF_FIRST,
    ConvolutionPooling,
    FirstAlone,
    SelfAttentionPooling,
    build_pooling,
)


@pytest.fixture
def states() -> torch.Tensor:
    """B×T×D."""
    return torch.randn(3, 5, 12, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("kind", OF_FIRST)
def test_the_other_tokens_are_not_looked_at(kind: str, states: torch.Tensor) -> None:
    pool, dimension = build_pooling(kind, 12, 40, 0.0)  # type: ignore[arg-type]
    mask_BT = torch.ones(3, 5, dtype=torch.int64)
    expected = pool(states, mask_BT)
    assert expected.shape == (3, dimension)
    changed_BTD = states.clone()
    changed_BTD[:, 1:] = 7
    assert torch.equal(pool(changed_BTD, mask_BT), expected)
    whole, _ = build_pooling(OF_FIRST[kind], 12, 40, 0.0)
    whole.load_state_dict({k.removeprefix("pool."): v for k, v in pool.state_dict().items()})
    assert not torch.allclose(whole(states, mask_BT), expected)


def test_self_attention_over_one_token_is_a_linear_layer(states: torch.Tensor) -> None:
    pool = SelfAttentionPooling(12, 40, 0.0)
    found = FirstAlone(pool)(states, torch.ones(3, 5, dtype=torch.int64))
    values = slice(80, 120)  # behind the queries and the keys
    weight, bias = pool.look.project.weight[values], pool.look.project.bias[values]
    torch.testing.assert_close(found, states[:, 0] @ weight.T + bias)


def test_a_convolution_over_one_token_is_a_linear_layer_and_relu(
    states: torch.Tensor,
) -> None:
    pool = ConvolutionPooling(12, 40, 0.0)
    found = FirstAlone(pool)(states, torch.ones(3, 5, dtype=torch.int64))
    middle = pool.look.weight[:, :, 1]
    expected = torch.relu(states[:, 0] @ middle.T + pool.look.bias)
    torch.testing.assert_close(found, expected)

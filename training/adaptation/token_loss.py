"""Cross-entropy over a large vocabulary, without ever holding all logits.

A multilingual vocabulary has 250,000 pieces and more, so that the logits of one batch would fill
gigabytes, their softmax and their gradient as many again. Here a chunk of tokens is taken to its
loss and to its gradients at once, in one buffer, and forgotten. Nothing is computed twice.

Shapes: N tokens, C tokens of a chunk, V pieces, D dimensions.
"""

from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

LOGITS: Final = 1 << 26
"""So many logits are held at once: 256 MB in float32."""


def token_loss(
    states_ND: Tensor, table_VD: Tensor, bias_V: Tensor, wanted_N: Tensor, logits: int = LOGITS
) -> Tensor:
    """The mean of −log softmax(table · state + bias)[wanted] over N ≥ 1 tokens.

    Of its gradient there is one use: a second backward through the same loss is an error.
    """
    given = states_ND, table_VD, bias_V, wanted_N, logits
    loss: Tensor = _TokenLoss.apply(*given)  # type: ignore[no-untyped-call]
    return loss


class _TokenLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, states_ND: Tensor, table_VD: Tensor, bias_V: Tensor, wanted_N: Tensor, most: int
    ) -> Tensor:
        learns = any(ctx.needs_input_grad)
        gradients = [torch.zeros_like(x) for x in (states_ND, table_VD, bias_V)] if learns else []
        count, chunk = len(states_ND), max(1, most // len(table_VD))
        total = states_ND.new_zeros(())
        for first in range(0, count, chunk):
            rows = slice(first, first + chunk)
            states_CD, wanted_C = states_ND[rows], wanted_N[rows]
            odds_CV, sum_C, loss_C = _odds(states_CD, table_VD, bias_V, wanted_C)
            total += loss_C.sum()
            if learns:
                of_states_ND, *others = gradients
                of_states_ND[rows] = _learn(
                    odds_CV, 1 / (sum_C * count), 1 / count, states_CD, table_VD, wanted_C, others
                )
        ctx.gradients = gradients
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_loss: Tensor) -> tuple[Tensor | None, ...]:
        gradients, ctx.gradients = ctx.gradients, None  # let go, so that autograd may add in place
        return (*(gradient.mul_(of_loss) for gradient in gradients), None, None)


def _odds(
    states_CD: Tensor, table_VD: Tensor, bias_V: Tensor, wanted_C: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """exp(logits − their maximum), its sum over the vocabulary, and each token's loss."""
    logits_CV = torch.addmm(bias_V, states_CD, table_VD.T)
    greatest_C = logits_CV.amax(dim=1)
    said_C = logits_CV.gather(1, wanted_C.unsqueeze(1)).squeeze(1)
    odds_CV = logits_CV.sub_(greatest_C.unsqueeze(1)).exp_()
    sum_C = odds_CV.sum(dim=1)
    return odds_CV, sum_C, sum_C.log() + greatest_C - said_C


def _learn(
    odds_CV: Tensor,
    weights_C: Tensor,
    share: float,
    states_CD: Tensor,
    table_VD: Tensor,
    wanted_C: Tensor,
    gradients: list[Tensor],
) -> Tensor:
    """Add to the table's and the bias's gradients; the states' (C×D).

    A logit's gradient is its softmax, minus 1 where it is the wanted one. The softmax's divisor is
    left to the small factors, and the 1 to a look-up, so that nothing more is done to C×V numbers.
    """
    of_table_VD, of_bias_V = gradients
    weights_C1 = weights_C.unsqueeze(1)
    of_table_VD.addmm_(odds_CV.T, states_CD * weights_C1)
    of_table_VD.index_add_(0, wanted_C, states_CD, alpha=-share)
    of_bias_V.addmv_(odds_CV.T, weights_C)
    of_bias_V.index_add_(0, wanted_C, torch.full_like(weights_C, -share))
    return (odds_CV @ table_VD).mul_(weights_C1).sub_(table_VD[wanted_C], alpha=share)

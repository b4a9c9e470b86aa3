"""Cross-entropy over a large vocabulary, without ever holding all logits.

A multilingual vocabulary has 250,000 pieces and more, so that the logits of one batch would fill
gigabytes, their softmax and their gradient as many again. Here a chunk of tokens is taken to its
loss and to its gradients at once, in one buffer, and forgotten. Nothing is computed twice.

Shapes: N tokens, C tokens of a chunk, V pieces, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
        given = (states_ND, table_VD, bias_V)
        gradients = [
            torch.zeros_like(one) if learns else None
            for one, learns in zip(given, ctx.needs_input_grad, strict=False)
        ]
        count, chunk = len(states_ND), max(1, most // len(table_VD))
        total = states_ND.new_zeros(())
        for first in range(0, count, chunk):
            rows = slice(first, first + chunk)
            states_CD, wanted_C = states_ND[rows], wanted_N[rows]
            odds_CV, sum_C, loss_C = _odds(states_CD, table_VD, bias_V, wanted_C)
            total += loss_C.sum()
            if any(ctx.needs_input_grad):
                slopes = Slopes(odds_CV, 1 / (sum_C * count), wanted_C, 1 / count)
                _learn(slopes, states_CD, table_VD, rows, gradients)
        ctx.gradients = gradients
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_loss: Tensor) -> tuple[Tensor | None, ...]:
        gradients, ctx.gradients = ctx.gradients, None  # let go, so that autograd may add in place
        return (*(None if one is None else one.mul_(of_loss) for one in gradients), None, None)


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


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of a chunk's logits: of each its softmax, minus 1 where it is the wanted one,
    as a share of all tokens.

    The softmax's divisor is left to the small factors, and the 1 to a look-up, so that nothing more
    is done to C×V numbers.
    """

    odds_CV: Tensor
    weights_C: Tensor
    wanted_C: Tensor
    share: float

    def of_states(self, table_VD: Tensor) -> Tensor:
        """C×D."""
        return (
            (self.odds_CV @ table_VD)
            .mul_(self.weights_C.unsqueeze(1))
            .sub_(table_VD[self.wanted_C], alpha=self.share)
        )

    def add_to_table(self, of_table_VD: Tensor, states_CD: Tensor) -> None:
        """In place."""
        of_table_VD.addmm_(self.odds_CV.T, states_CD * self.weights_C.unsqueeze(1))
        of_table_VD.index_add_(0, self.wanted_C, states_CD, alpha=-self.share)

    def add_to_bias(self, of_bias_V: Tensor) -> None:
        """In place."""
        of_bias_V.addmv_(self.odds_CV.T, self.weights_C)
        shares_C = torch.full_like(self.weights_C, -self.share)
        of_bias_V.index_add_(0, self.wanted_C, shares_C)


def _learn(
    slopes: Slopes,
    states_CD: Tensor,
    table_VD: Tensor,
    rows: slice,
    gradients: Sequence[Tensor | None],
) -> None:
    """Put a chunk's part into the gradients of states, table and bias; None is not asked for."""
    of_states_ND, of_table_VD, of_bias_V = gradients
    if of_states_ND is not None:
        of_states_ND[rows] = slopes.of_states(table_VD)
    if of_table_VD is not None:
        slopes.add_to_table(of_table_VD, states_CD)
    if of_bias_V is not None:
        slopes.add_to_bias(of_bias_V)

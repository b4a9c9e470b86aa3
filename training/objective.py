"""What a training run minimises: the clicks alone, or that beside what else there is to learn.

Shapes: B batch, C candidates (the clicked one first).
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from training.examples import Batch
from training.models.recommender import Recommender
from training.precision import single


def nce(scores_BC: Tensor, temperature: float) -> Tensor:
    """The mean of −log softmax of the clicked candidate, which stands first (NRMS, equation 12)."""
    clicked_B = torch.zeros(len(scores_BC), dtype=torch.int64, device=scores_BC.device)
    return cross_entropy(single(scores_BC) / temperature, clicked_B)


class Objective(Protocol):
    """What a run minimises. What learns beside the recommender, and from whom, it alone knows."""

    @property
    def identity(self) -> str:
        """What tells runs apart whose objectives differ."""

    def around(self, recommender: Recommender) -> nn.Module:
        """What learns: the recommender, or a module that holds it and more."""

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """A step's loss, or several (K) of which the sum is to become small; ``model`` is what
        ``around`` gave, as it runs on this hardware.
        """

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """Give the weights of ``model`` the gradients that they are to follow, where there are
        none yet; ``loss`` is what ``loss`` gave.
        """


@dataclass(frozen=True)
class ClickLoss:
    """The clicks alone: ``nce``."""

    temperature: float = 1.0
    identity: str = ""

    def around(self, recommender: Recommender) -> nn.Module:
        """See ``Objective``."""
        return recommender

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """See ``Objective``."""
        return nce(model(batch), self.temperature)

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """See ``Objective``: the loss's own gradient."""
        process.backward(loss)

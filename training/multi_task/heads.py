"""A recommender with heads that tell of the clicked titles what the data know of them.

Shapes: N news, U distinct news of a batch, B batch, H history, C candidates, P places of clicks,
D dimensions, K labels.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from training.encoding import news_vectors
from training.examples import Batch
from training.models.recommender import Recommender
from training.multi_task.labels import Labels
from training.objective import nce
from training.precision import single

MAIN, AUXILIARY = 0, 1
"""Where the losses of a batch stand."""


class Head(nn.Module):
    """One auxiliary task: a linear layer from a title's vector to its labels."""

    bears_NK: Tensor

    def __init__(self, dimension: int, labels: Labels) -> None:
        super().__init__()
        self.tell = nn.Linear(dimension, len(labels.names))
        self.loss: Final = labels.loss
        self.register_buffer("bears_NK", torch.from_numpy(labels.bears_NK), persistent=False)

    def forward(self, vectors_PD: Tensor, rows_P: Tensor) -> Tensor:
        """The mean loss over those places whose title has a label; 0 where none has."""
        bears_PK = self.bears_NK[rows_P]
        known_P = bears_PK.any(dim=1)
        given_PK = single(self.tell(vectors_PD))
        losses_P = self.loss(given_PK, bears_PK.to(given_PK.dtype))
        mean: Tensor = (losses_P * known_P).sum() / known_P.sum().clamp(min=1)
        return mean


class WithHeads(nn.Module):
    """What learns: the recommender, and the heads that are left behind when it has learned."""

    def __init__(
        self,
        recommender: Recommender,
        tasks: Mapping[str, Labels],
        weight: float,
        temperature: float,
    ) -> None:
        super().__init__()
        self.recommender, self.weight, self.temperature = recommender, weight, temperature
        dimension = recommender.news.dimension
        self.heads = nn.ModuleDict({name: Head(dimension, of) for name, of in tasks.items()})

    @property
    def shared(self) -> frozenset[str]:
        """The names of the weights that all tasks share: the news encoder's."""
        names = (name for name, _ in self.named_parameters())
        return frozenset(name for name in names if name.startswith("recommender.news."))

    def forward(self, batch: Batch) -> Tensor:
        """The clicks' loss, and the heads' losses summed, times their weight (2).

        Heads read each click's title, as often as the histories hold it, and nothing of padding
        or of candidates.
        """
        news_UD = news_vectors(self.recommender.news, batch.news)
        scores_BC = self.recommender.scores(
            news_UD, batch.history_BH, batch.mask_BH, batch.candidates_BC, batch.readers_B
        )
        read_P = batch.history_BH[batch.mask_BH == 1]
        read_PD, rows_P = news_UD[read_P], batch.rows_U[read_P]
        told = torch.stack([head(read_PD, rows_P) for head in self.heads.values()]).sum()
        return torch.stack([nce(scores_BC, self.temperature), self.weight * told])

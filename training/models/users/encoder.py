"""What user encoders are: all score, most by one vector, most of those by a sum over the clicks.

Shapes: B batch, H history, C candidates, D dimensions, L dimensions of a long-term vector.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class UserEncoder(nn.Module, ABC):
    """Scores candidates by a reader's clicks, which stand oldest first with padding behind them."""

    long_term_dimension: int = 0
    """L, for an encoder that also reads a vector of the reader's own; 0 for the others."""

    @abstractmethod
    def scores(
        self,
        candidates_BCD: Tensor,
        history_BHD: Tensor,
        mask_BH: Tensor,
        long_term_BL: Tensor | None,
    ) -> Tensor:
        """The candidates' scores (B×C); zero for a reader of whom nothing is known."""


class OneVector(UserEncoder):
    """Scores by the inner product with one vector for the reader."""

    @abstractmethod
    def forward(self, history_BHD: Tensor, mask_BH: Tensor, long_term_BL: Tensor | None) -> Tensor:
        """The readers' vectors (B×D)."""

    def scores(
        self,
        candidates_BCD: Tensor,
        history_BHD: Tensor,
        mask_BH: Tensor,
        long_term_BL: Tensor | None,
    ) -> Tensor:
        """See ``UserEncoder``."""
        users_BD = self(history_BHD, mask_BH, long_term_BL)
        return torch.einsum("bcd,bd->bc", candidates_BCD, users_BD)


class Summed(OneVector):
    """The reader's vector is a sum with a part for each click."""

    @abstractmethod
    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """Each click's part (B×H×D); they sum to the reader's vector, padding's are zero."""

    def forward(self, history_BHD: Tensor, mask_BH: Tensor, long_term_BL: Tensor | None) -> Tensor:
        """See ``OneVector``; zero for a reader without clicks."""
        return self.terms(history_BHD, mask_BH).sum(dim=1)

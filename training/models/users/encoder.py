"""What every user encoder is.

Shapes: B batch, H history, C candidates, D dimensions, L dimensions of a long-term vector.
"""

import torch
from torch import Tensor, nn


class UserEncoder(nn.Module):
    """A reader's vector from their clicks, which stand oldest first with padding behind them."""

    long_term_dimension: int = 0
    """L, for an encoder that also reads a vector of the reader's own; 0 for the others."""
    has_terms: bool = True
    """Whether the vector is a sum with a part for each click."""

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """Each click's part (B×H×D); they sum to the reader's vector, padding's are zero."""
        raise NotImplementedError

    def forward(self, history_BHD: Tensor, mask_BH: Tensor, long_term_BL: Tensor | None) -> Tensor:
        """The readers' vectors (B×D); zero for a reader without clicks."""
        return self.terms(history_BHD, mask_BH).sum(dim=1)

    def scores(
        self,
        candidates_BCD: Tensor,
        history_BHD: Tensor,
        mask_BH: Tensor,
        long_term_BL: Tensor | None,
    ) -> Tensor:
        """The candidates' scores (B×C): the dot product with the reader's vector."""
        users_BD = self(history_BHD, mask_BH, long_term_BL)
        return torch.einsum("bcd,bd->bc", candidates_BCD, users_BD)

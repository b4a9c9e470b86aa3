"""Late fusion: no user encoder at all (NaSE, arXiv 2406.12634). ``model_store.late_fusion`` holds
the formulas that are served; these are their batched versions, tied to them by a test.

Shapes: B batch, H history, C candidates, D dimensions.
"""

import torch
from torch import Tensor

from model_store.late_fusion import RECENCY_DECAY
from training.models.users.encoder import Summed, UserEncoder


class Mean(Summed):
    """The mean of the clicks."""

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """See ``Summed``."""
        return weighted(history_BHD, mask_BH.to(history_BHD.dtype))


class Recency(Summed):
    """The mean of the clicks, each weighing 0.9 of the one after it."""

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """See ``Summed``."""
        later_BH = mask_BH.flip(1).cumsum(dim=1).flip(1) - mask_BH
        weights_BH = RECENCY_DECAY ** later_BH.to(history_BHD.dtype) * mask_BH
        return weighted(history_BHD, weights_BH)


class Max(UserEncoder):
    """A candidate's score is that of the click nearest to it; there is no reader's vector."""

    def scores(
        self,
        candidates_BCD: Tensor,
        history_BHD: Tensor,
        mask_BH: Tensor,
        long_term_BL: Tensor | None,
    ) -> Tensor:
        """See ``UserEncoder``; zero for a reader without clicks."""
        near_BCH = torch.einsum("bcd,bhd->bch", candidates_BCD, history_BHD)
        nearest_BC = near_BCH.masked_fill(mask_BH.unsqueeze(1) == 0, -torch.inf).amax(dim=-1)
        return torch.where(mask_BH.any(dim=1, keepdim=True), nearest_BC, 0.0)


def weighted(history_BHD: Tensor, weights_BH: Tensor) -> Tensor:
    """Each click's part (B×H×D) in the weighted mean."""
    total_B1 = weights_BH.sum(dim=1, keepdim=True)
    shares_BH = weights_BH / torch.where(total_B1 > 0, total_B1, 1.0)
    return history_BHD * shares_BH.unsqueeze(-1)

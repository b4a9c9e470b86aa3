"""LSTUR's user encoders: a GRU over the clicks and a vector of the reader's own.

An et al., ACL 2019, sections 3.2 and 3.3. The reader's own vector starts at zero and is hidden in
half of the training steps; a reader who was never seen has zero.

Shapes: B batch, H history, D dimensions, L dimensions of a long-term vector.
"""

import torch
from torch import Tensor, nn

from training.errors import BadRecipe
from training.models.users.encoder import OneVector


class LsturIni(OneVector):
    """LSTUR-ini: the reader's own vector is what the GRU starts from (equation 10)."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.long_term_dimension = dimension
        self.gru = nn.GRU(dimension, dimension, batch_first=True)

    def forward(self, history_BHD: Tensor, mask_BH: Tensor, long_term_BL: Tensor | None) -> Tensor:
        """See ``OneVector``."""
        assert long_term_BL is not None
        return last_state(self.gru, history_BHD, mask_BH, long_term_BL)


class LsturCon(OneVector):
    """LSTUR-con: the GRU's last state beside the reader's own vector (equation 11)."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        if dimension % 2:
            raise BadRecipe(f"LSTUR-con halves its vectors, and {dimension} dimensions are odd")
        self.long_term_dimension = dimension // 2
        self.gru = nn.GRU(dimension, dimension // 2, batch_first=True)

    def forward(self, history_BHD: Tensor, mask_BH: Tensor, long_term_BL: Tensor | None) -> Tensor:
        """See ``OneVector``."""
        assert long_term_BL is not None
        start_BL = torch.zeros_like(long_term_BL)
        recent_BL = last_state(self.gru, history_BHD, mask_BH, start_BL)
        return torch.cat([recent_BL, long_term_BL], dim=-1)


def last_state(gru: nn.GRU, history_BHD: Tensor, mask_BH: Tensor, start_BL: Tensor) -> Tensor:
    """The GRU's state (B×L) after the last click that the mask shows; without one, the start.

    Padding stands behind the clicks, and what the GRU makes of it is not looked at.
    """
    states_BHL, _ = gru(history_BHD, start_BL.unsqueeze(0))
    with_start_BHL = torch.cat([start_BL.unsqueeze(1), states_BHL], dim=1)
    clicks_B11 = mask_BH.sum(dim=1).to(torch.int64).view(-1, 1, 1)
    index_B1L = clicks_B11.expand(-1, 1, start_BL.shape[-1])
    return torch.gather(with_start_BHL, 1, index_B1L).squeeze(1)

"""Additive attention over the clicks: NAML's, Tiny-NewsRec's and MTRec's user encoder.

Shapes: B batch, H history, D dimensions.
"""

import torch
from torch import Tensor, nn

from training.models.attention import AdditiveAttention, PerDimensionAttention
from training.models.users.encoder import Summed


class Additive(Summed):
    """The attended mean of the clicks (NAML, equations 12 and 13), or, ``per_dimension``, with a
    weight for each dimension (MTRec).
    """

    def __init__(self, dimension: int, *, per_dimension: bool = False) -> None:
        super().__init__()
        attention = PerDimensionAttention if per_dimension else AdditiveAttention
        self.attend = attention(dimension)

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """See ``Summed``."""
        parts: Tensor = self.attend.terms(history_BHD, mask_BH)
        return parts


class Inclined(Summed):
    """The attended mean of the clicks plus what every reader is inclined to: ``Σ αᵢ rᵢ + b``.

    ``b·c`` is what the candidate is worth whoever reads it, learned from what was clicked more
    than its neighbours were. Attention starts uniform and ``b`` at zero, so that training starts
    from late fusion by the mean. Ours. For explanations ``b`` is spread evenly over the clicks.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.attend = AdditiveAttention(dimension)
        nn.init.zeros_(self.attend.query.weight)
        self.inclination_D = nn.Parameter(torch.zeros(dimension))

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """See ``Summed``."""
        shown_BH1 = mask_BH.unsqueeze(-1).to(history_BHD.dtype)
        share_BH1 = shown_BH1 / shown_BH1.sum(dim=1, keepdim=True).clamp(min=1)
        parts: Tensor = self.attend.terms(history_BHD, mask_BH) + share_BH1 * self.inclination_D
        return parts

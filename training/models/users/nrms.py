"""NRMS's user encoder (Wu et al., EMNLP 2019, equations 7 to 10).

Shapes: B batch, H history, D dimensions.
"""

from torch import Tensor, nn

from training.errors import BadRecipe
from training.models.attention import AdditiveAttention, SelfAttention
from training.models.users.encoder import Summed


class Nrms(Summed):
    """Self-attention over the clicks, then additive attention over what each click became.

    A click's term is its place's part in that last mean: what the click became beside the others.
    """

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dimension % heads:
            raise BadRecipe(f"{heads} heads do not divide vectors of {dimension} dimensions")
        self.look = SelfAttention(dimension, heads, dimension // heads)
        self.attend = AdditiveAttention(dimension)
        self.dropout = nn.Dropout(dropout)

    def terms(self, history_BHD: Tensor, mask_BH: Tensor) -> Tensor:
        """See ``Summed``."""
        seen_BHD = self.dropout(self.look(history_BHD, mask_BH))
        return self.attend.terms(seen_BHD, mask_BH)

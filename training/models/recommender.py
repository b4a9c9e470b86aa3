"""A recommender: a news encoder, a user encoder, and the readers' own vectors where there are any.

Shapes: B batch, U distinct news of a batch, H history, C candidates, D dimensions.
"""

from typing import Final

import torch
from torch import Tensor, nn

from training.encoding import news_vectors
from training.examples import Batch
from training.models.news.encoder import NewsEncoder
from training.models.users.encoder import UserEncoder

LONG_TERM_HIDDEN: Final = 0.5
"""In training a reader's own vector is hidden this often, so that newcomers are served too."""


class Recommender(nn.Module):
    """What is trained."""

    def __init__(self, news: NewsEncoder, users: UserEncoder, readers: int = 0) -> None:
        """``readers`` are those with a vector of their own, with the codes 1 to ``readers``."""
        super().__init__()
        self.news, self.users = news, users
        self.long_term: nn.Embedding | None = None
        if users.long_term_dimension:
            self.long_term = nn.Embedding(readers + 1, users.long_term_dimension, padding_idx=0)
            nn.init.zeros_(self.long_term.weight)

    def scores(
        self,
        news_UD: Tensor,
        history_BH: Tensor,
        mask_BH: Tensor,
        candidates_BC: Tensor,
        readers_B: Tensor,
    ) -> Tensor:
        """The candidates' scores (B×C). History and candidates are places in ``news_UD``; the
        readers are codes, 0 for unknown.
        """
        return self.users.scores(
            news_UD[candidates_BC], news_UD[history_BH], mask_BH, self.long_term_of(readers_B)
        )

    def long_term_of(self, readers_B: Tensor) -> Tensor | None:
        """The readers' own vectors (B×L), None for a model without."""
        if self.long_term is None:
            return None
        vectors_BL: Tensor = self.long_term(readers_B)
        if not self.training:
            return vectors_BL
        kept_B1 = torch.rand(len(readers_B), 1, device=vectors_BL.device) >= LONG_TERM_HIDDEN
        return vectors_BL * kept_B1

    def forward(self, batch: Batch) -> Tensor:
        """The scores (B×C) of a training batch's candidates."""
        news_UD = news_vectors(self.news, batch.news)
        return self.scores(
            news_UD, batch.history_BH, batch.mask_BH, batch.candidates_BC, batch.readers_B
        )

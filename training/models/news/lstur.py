"""LSTUR's news encoder: the title beside its topics (An et al., ACL 2019).

Shapes: B batch, D dimensions.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from training.models.news.encoder import CATEGORY_INPUTS, Codes, NewsEncoder
from training.models.news.naml import LABEL_SCALE
from training.models.text import TextEncoder

TOPIC_DIMENSION: Final = 100


class Lstur(NewsEncoder):
    """The title's vector with the category's and the subcategory's behind it (section 3.1)."""

    reads_categories = True

    def __init__(
        self,
        texts: Mapping[str, TextEncoder],
        dimension: int,
        categories: int,
        subcategories: int,
    ) -> None:
        super().__init__(texts, dimension + 2 * TOPIC_DIMENSION)
        counts = zip(CATEGORY_INPUTS, (categories, subcategories), strict=True)
        self.topics = nn.ModuleDict({name: _topics(count) for name, count in counts})

    def combine(
        self, vectors: Mapping[str, Tensor], present: Mapping[str, Tensor], codes: Codes
    ) -> Tensor:
        """The concatenation (B×D)."""
        topics = [self.topics[name](codes[name]) for name in CATEGORY_INPUTS]
        return torch.cat([vectors["title"], *topics], dim=-1)


def _topics(count: int) -> nn.Embedding:
    table = nn.Embedding(count + 1, TOPIC_DIMENSION, padding_idx=0)
    nn.init.normal_(table.weight[1:], std=LABEL_SCALE)
    return table

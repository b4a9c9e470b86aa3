"""LSTUR's news encoder: the title beside its topics (An et al., ACL 2019).

Shapes: B batch, D dimensions.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.models.news.encoder import CATEGORY_INPUTS, Codes, NewsEncoder
from training.models.news.labels import DIMENSION, label_vectors
from training.models.text import TextEncoder


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
        super().__init__(texts, dimension + 2 * DIMENSION)
        counts = zip(CATEGORY_INPUTS, (categories, subcategories), strict=True)
        self.topics = nn.ModuleDict({name: label_vectors(count) for name, count in counts})

    def combine(
        self, vectors: Mapping[str, Tensor], present: Mapping[str, Tensor], codes: Codes
    ) -> Tensor:
        """The concatenation (B×D)."""
        topics = [self.topics[name](codes[name]) for name in CATEGORY_INPUTS]
        return torch.cat([vectors["title"], *topics], dim=-1)

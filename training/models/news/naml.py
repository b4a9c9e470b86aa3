"""NAML's news encoder: views of an article, fused by attention (Wu et al., IJCAI 2019).

Shapes: B batch, V views, D dimensions.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.models.attention import AdditiveAttention
from training.models.news.encoder import CATEGORY_INPUTS, Codes, NewsEncoder
from training.models.news.labels import DIMENSION, label_vectors
from training.models.text import TextEncoder


class Naml(NewsEncoder):
    """Title, abstract, category and subcategory, weighed by attention over them (equations 9–11).

    A view that an article lacks, be it a text or a category, has no weight.
    """

    reads_categories = True

    def __init__(
        self,
        texts: Mapping[str, TextEncoder],
        dimension: int,
        categories: int,
        subcategories: int,
    ) -> None:
        super().__init__(texts, dimension)
        self.labels = nn.ModuleDict(
            {
                "category_id": _label(categories, dimension),
                "subcategory_id": _label(subcategories, dimension),
            }
        )
        self.attend = AdditiveAttention(dimension)

    def combine(
        self, vectors: Mapping[str, Tensor], present: Mapping[str, Tensor], codes: Codes
    ) -> Tensor:
        """The attended mean (B×D) of the views that there are."""
        views = [vectors[name] for name in self.texts]
        shown = [present[name] for name in self.texts]
        for name in CATEGORY_INPUTS:
            views.append(self.labels[name](codes[name]))
            shown.append((codes[name] > 0).to(shown[0].dtype))
        fused: Tensor = self.attend(torch.stack(views, dim=1), torch.stack(shown, dim=1))
        return fused


def _label(count: int, dimension: int) -> nn.Module:
    """Equations 7 and 8: a vector for each label, through a layer with ReLU."""
    vectors = label_vectors(count)
    return nn.Sequential(vectors, nn.Linear(DIMENSION, dimension), nn.ReLU())

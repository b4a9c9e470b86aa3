"""Vectors for categories and subcategories."""

from typing import Final

from torch import nn

DIMENSION: Final = 100
SCALE: Final = 0.1
"""The standard deviation that the vectors start with: 1 would drown the texts."""


def label_vectors(count: int) -> nn.Embedding:
    """A vector for each of the ids 1 to ``count``; that of 0, for unknown, is zero and stays so."""
    table = nn.Embedding(count + 1, DIMENSION, padding_idx=0)
    nn.init.normal_(table.weight[1:], std=SCALE)
    return table

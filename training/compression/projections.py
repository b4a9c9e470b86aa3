"""How teachers' vectors are laid beside a student's: a learned linear layer for each teacher.

Shapes: M teachers, E dimensions of a teacher, D of the student.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Projections(nn.Module):
    """``Wᵢ hᵢ + bᵢ``. They start as the identity, as far as the dimensions go: the student begins
    as its teachers' lower part. (Ours: the paper does not say how they start.)
    """

    def __init__(self, teachers: Sequence[int], student: int) -> None:
        """``teachers`` are the teachers' dimensions."""
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(dimension, student) for dimension in teachers)
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.eye_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        """Each teacher's vectors (·×E) in the student's dimensions (M×·×D)."""
        pairs = zip(self.layers, vectors, strict=True)
        return torch.stack([layer(some) for layer, some in pairs])

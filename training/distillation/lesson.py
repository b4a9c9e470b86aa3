"""What is learned, a batch at a time.

Shapes: B batch, T tokens, J of the targets.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
import torch
from torch import Tensor

from training.distillation.targets import Learned

SORTED_BATCHES: Final = 64
"""Texts are sorted by length within so many batches: little padding, and yet all mixed."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Token ids of each text, and its target."""

    ids: Sequence[Sequence[int]]
    targets: Learned

    def batch(self, rows: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """The rows' ids and mask (B×T)."""
        return padded([self.ids[row] for row in rows], device)

    def wanted(self, rows: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """The rows' targets (B×J), and which are whole (B)."""
        joint = torch.from_numpy(self.targets.joint_NJ[rows]).float()
        return joint.to(device), torch.from_numpy(self.targets.whole_N[rows]).to(device)

    def digest(self) -> str:
        """Another one for another text or target."""
        digest = hashlib.sha256()
        for ids in self.ids:
            digest.update(np.array([len(ids), *ids], np.int64).tobytes())
        for values in (self.targets.joint_NJ, self.targets.whole_N):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


def padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and mask (B×T), padded on the right with zeros."""
    width = max(len(ids) for ids in texts)
    ids_BT = torch.tensor([[*ids, *[0] * (width - len(ids))] for ids in texts])
    mask_BT = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in texts])
    return ids_BT.to(device), mask_BT.to(device)


def epoch_batches(
    ids: Sequence[Sequence[int]], batch_size: int, random: Random
) -> Iterator[list[int]]:
    """All rows once, in batches of texts of about equal length, in random order."""
    order = list(range(len(ids)))
    random.shuffle(order)
    sorted_together = batch_size * SORTED_BATCHES
    for first in range(0, len(order), sorted_together):
        rows = sorted(order[first : first + sorted_together], key=lambda row: len(ids[row]))
        batches = [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
        random.shuffle(batches)
        yield from batches

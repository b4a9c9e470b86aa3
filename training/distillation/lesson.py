"""What is learned, a batch at a time.

Shapes: B batch, T tokens, J of the targets.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

import numpy as np
import torch
from torch import Tensor

from training.course.lesson import steps_of_epoch
from training.data.ragged import Int64
from training.distillation.targets import Learned
from training.encoders.sentence_encoder import padded

SORTED_BATCHES: Final = 64
"""Texts are sorted by length within so many batches: little padding, and yet all mixed."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Token ids and their mask (B×T), the targets (B×J), and which of these are whole (B)."""

    ids_BT: Tensor
    mask_BT: Tensor
    joint_BJ: Tensor
    whole_B: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        parts = (self.ids_BT, self.mask_BT, self.joint_BJ, self.whole_B)
        return Batch(*(part.to(device) for part in parts))


@dataclass(frozen=True, eq=False)
class Answering:
    """The lesson: token ids of each text, and its target; all rows once an epoch."""

    ids: Sequence[Sequence[int]]
    targets: Learned
    rows_of_step: int
    seed: int

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return steps_of_epoch(len(self.ids), self.rows_of_step)

    def rows(self, step: int) -> Int64:
        """See ``training.course.lesson.Lesson``."""
        epoch, place = divmod(step, self.steps)
        return np.array(_epoch(self, epoch)[place], np.int64)

    def batch(self, rows: Int64, step: int) -> Batch:
        """See ``training.course.lesson.Lesson``."""
        ids_BT, mask_BT = padded([self.ids[row] for row in rows.tolist()], torch.device("cpu"))
        joint_BJ = torch.from_numpy(self.targets.joint_NJ[rows]).float()
        return Batch(ids_BT, mask_BT, joint_BJ, torch.from_numpy(self.targets.whole_N[rows]))

    def digest(self) -> str:
        """See ``training.course.lesson.Lesson``."""
        digest = hashlib.sha256()
        for ids in self.ids:
            digest.update(np.array([len(ids), *ids], np.int64).tobytes())
        for values in (self.targets.joint_NJ, self.targets.whole_N):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


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


@lru_cache(maxsize=1)
def _epoch(lesson: Answering, number: int) -> list[list[int]]:
    random = Random(f"{lesson.seed}-{number}")
    return list(epoch_batches(lesson.ids, lesson.rows_of_step, random))

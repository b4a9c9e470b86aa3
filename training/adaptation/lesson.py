"""The batch of every step, the same however often it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

import torch

from training.adaptation.decoder import Bucket
from training.adaptation.examples import Examples
from training.adaptation.sampling import Int64, Tempered
from training.adaptation.whole import WholeEncoder
from training.distillation.lesson import padded

BUCKETS: Final = 4
"""A batch is dealt out by length into so many: little padding, and still large matrices."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Examples by epochs of ``sampling``, in batches of the encoder's tokens."""

    examples: Examples
    sampling: Tempered
    encoder: WholeEncoder
    batch_size: int
    seed: int

    def batch(self, step: int, device: torch.device) -> list[Bucket]:
        """Step ``step``'s batch, from 0 on. The last of an epoch may be smaller."""
        epoch, place = divmod(step, -(-len(self.sampling) // self.batch_size))
        rows = _epoch(self.sampling, epoch, self.seed)[place * self.batch_size :]
        random = Random(f"{self.seed}-{step}")
        chosen = [self.examples.draw(row, random) for row in rows[: self.batch_size].tolist()]
        read = self.encoder.read([example.read for example in chosen])
        return buckets(read, self.encoder.told([example.told for example in chosen]), device)


def buckets(
    read: Sequence[Sequence[int]], told: Sequence[Sequence[int]], device: torch.device
) -> list[Bucket]:
    """A batch's token ids in buckets of about equal length."""
    order = sorted(range(len(told)), key=lambda row: (len(told[row]), len(read[row])))
    size = -(-len(order) // BUCKETS)
    parts = [order[first : first + size] for first in range(0, len(order), size)]
    return [
        Bucket(
            *padded([read[row] for row in rows], device),
            *padded([told[row] for row in rows], device),
        )
        for rows in parts
    ]


@lru_cache(maxsize=1)
def _epoch(sampling: Tempered, number: int, seed: int) -> Int64:
    return sampling.epoch(number, seed)

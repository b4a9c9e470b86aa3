"""The batch of every step, the same however often it is asked for."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import torch

from training.adaptation.decoder import Batch, batch_of
from training.adaptation.examples import Examples
from training.adaptation.sampling import Int64, Tempered
from training.adaptation.whole import WholeEncoder


@dataclass(frozen=True, eq=False)
class Lesson:
    """Examples by epochs of ``sampling``, in batches of the encoder's tokens."""

    examples: Examples
    sampling: Tempered
    encoder: WholeEncoder
    batch_size: int
    seed: int

    def batch(self, step: int, device: torch.device) -> Batch:
        """Step ``step``'s batch, from 0 on. The last of an epoch may be smaller."""
        epoch, place = divmod(step, -(-len(self.sampling) // self.batch_size))
        rows = _epoch(self.sampling, epoch, self.seed)[place * self.batch_size :]
        random = Random(f"{self.seed}-{step}")
        chosen = [self.examples.draw(row, random) for row in rows[: self.batch_size].tolist()]
        read = self.encoder.read([example.read for example in chosen])
        told = self.encoder.told([example.told for example in chosen])
        return batch_of(read, told).to(device)


@lru_cache(maxsize=1)
def _epoch(sampling: Tempered, number: int, seed: int) -> Int64:
    return sampling.epoch(number, seed)

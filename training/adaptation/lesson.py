"""The batch of every step, the same however often it is asked for."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from training.adaptation.decoder import Batch, batch_of
from training.adaptation.examples import Examples
from training.adaptation.sampling import Int64, Tempered
from training.adaptation.whole import WholeEncoder
from training.course.lesson import steps_of_epoch


@dataclass(frozen=True, eq=False)
class Retelling:
    """Examples by epochs of ``sampling``, as the encoder's tokens."""

    examples: Examples
    sampling: Tempered
    encoder: WholeEncoder
    rows_of_step: int
    seed: int

    def rows(self, step: int) -> Int64:
        """See ``training.course.lesson.Lesson``. The last step of an epoch may have fewer rows."""
        epoch, place = divmod(step, steps_of_epoch(len(self.sampling), self.rows_of_step))
        first = place * self.rows_of_step
        return _epoch(self.sampling, epoch, self.seed)[first : first + self.rows_of_step]

    def batch(self, rows: Int64, step: int) -> Batch:
        """See ``training.course.lesson.Lesson``."""
        random = Random(f"{self.seed}-{step}")
        chosen = [self.examples.draw(row, random) for row in rows.tolist()]
        read = self.encoder.read([example.read for example in chosen])
        return batch_of(read, self.encoder.told([example.told for example in chosen]))

    def digest(self) -> str:
        """See ``training.course.lesson.Lesson``."""
        encoder = self.encoder
        told = [self.examples.digest(), encoder.prefix, encoder.tokenizer.to_str()]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()


@lru_cache(maxsize=1)
def _epoch(sampling: Tempered, number: int, seed: int) -> Int64:
    return sampling.epoch(number, seed)

"""Lists of unequal length in two flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ragged:
    """List i is ``values[starts[i]:starts[i + 1]]``: N lists, ``starts`` of length N + 1."""

    values: Int64
    starts: Int64

    @classmethod
    def of(cls, lists: Sequence[Sequence[int] | Int64]) -> "Ragged":
        """Copied from lists."""
        return cls(
            np.concatenate([np.empty(0, np.int64), *(np.asarray(one, np.int64) for one in lists)]),
            np.concatenate([[0], np.cumsum([len(one) for one in lists], dtype=np.int64)]),
        )

    @classmethod
    def of_groups(cls, values: Int64, groups: Int64, count: int) -> "Ragged":
        """From ``values`` that each belong to a group 0 … count − 1; ``groups`` is sorted."""
        lengths = np.bincount(groups, minlength=count)
        return cls(values, np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, position: int) -> Int64:
        return self.values[self.starts[position] : self.starts[position + 1]]

    @property
    def lengths(self) -> Int64:
        """How long each list is (N,)."""
        return np.diff(self.starts)

    def take(self, positions: Int64) -> "Ragged":
        """Some lists, in the order given."""
        return Ragged(self.values[self.places(positions)], self._starts_of(positions))

    def places(self, positions: Int64) -> Int64:
        """Where in ``values`` the lists at ``positions`` stand, one after the other."""
        lengths = self.lengths[positions]
        ends = np.cumsum(lengths)
        within: Int64 = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        return np.repeat(self.starts[positions], lengths) + within

    def last(self, most: int) -> "Ragged":
        """Of every list its last ``most`` values: in a history, the newest."""
        kept = np.minimum(self.lengths, most)
        ends = np.cumsum(kept)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - kept, kept)
        places = np.repeat(self.starts[1:] - kept, kept) + within
        return Ragged(self.values[places], np.concatenate([[0], ends]).astype(np.int64))

    def prefixes(self, positions: Int64, lengths: Int64, most: int) -> "Ragged":
        """Of the lists at ``positions`` their first ``lengths`` values, and of those the last
        ``most``. No list is shorter than its length.
        """
        kept = np.minimum(lengths, most)
        ends = np.cumsum(kept)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - kept, kept)
        places = np.repeat(self.starts[positions] + lengths - kept, kept) + within
        return Ragged(self.values[places], np.concatenate([[0], ends]).astype(np.int64))

    def _starts_of(self, positions: Int64) -> Int64:
        return np.concatenate([[0], np.cumsum(self.lengths[positions], dtype=np.int64)])

"""A catalogue as it was at one moment, to be read by another thread.

Shapes: R rows, N rows asked about, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from service.catalogue.entry import Entry
from service.catalogue.sealed import Sealed
from service.catalogue.segment import Hashes, hashes_of
from service.catalogue.tail import Rows
from service.domain.fields import ArticleId
from service.ports import Mask, RowIds, Vectors


@dataclass(frozen=True, eq=False)
class Frozen:
    """Nothing in it changes any more."""

    layout: int
    """Of the catalogue: rows are numbered anew in each."""
    sealed: Sealed
    alive_R: Mask = field(repr=False)
    tail: Rows = field(repr=False)
    withdrawals: Sequence[tuple[ArticleId, int]] = field(repr=False)
    """Those that came since the generation."""

    def hashes(self) -> Hashes:
        """The hash of the id in each row (R,)."""
        of_segments = [segment.hashes_by_row for segment in self.sealed.segments]
        names = [entry.article_id.encode() for entry in self.tail.entries]
        return np.concatenate([*of_segments, hashes_of(names)])

    def entry(self, row: int) -> Entry:
        """What is known of the article in ``row``."""
        first = len(self.sealed)
        return self.sealed.entry(row) if row < first else self.tail.entries[row - first]

    def vectors(self, rows_N: RowIds) -> Vectors:
        """The vectors (N×D) in ``rows_N``."""
        first = len(self.sealed)
        sealed_N = rows_N < first
        vectors_ND = np.empty((len(rows_N), self.sealed.dimension), np.float16)
        vectors_ND[sealed_N] = self.sealed.vectors(rows_N[sealed_N])
        vectors_ND[~sealed_N] = self.tail.vectors_ND[rows_N[~sealed_N] - first]
        return vectors_ND

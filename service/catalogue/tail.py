"""The tail: the rows that came since the last generation, in the order in which they came.

Shapes: T rows, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from service.catalogue.columns import grown
from service.catalogue.entry import Entry
from service.domain.fields import ArticleId
from service.ports import Found, Mask, RowIds, TailIndex, Vectors


@dataclass(frozen=True, eq=False)
class Rows:
    """Some articles with their vectors (N×D) and whole documents; '' where none is kept."""

    entries: Sequence[Entry]
    documents: Sequence[bytes] = field(repr=False)
    vectors_ND: Vectors = field(repr=False)

    @classmethod
    def none(cls, dimension: int) -> "Rows":
        """No articles."""
        return cls((), (), np.empty((0, dimension), np.float16))


class Tail:
    """Rows are numbered from 0 here."""

    def __init__(self, dimension: int, index: TailIndex) -> None:
        self.row_of: dict[ArticleId, int] = {}
        """The last row of each article, alive or not."""
        self.entries: list[Entry] = []
        self.documents: list[bytes] = []
        self._vectors_TD: Vectors = np.empty((0, dimension), np.float16)
        self._index = index

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, rows: Rows) -> None:
        """Append rows."""
        first, end = len(self), len(self) + len(rows.entries)
        self._vectors_TD = grown(self._vectors_TD, end - 1)
        self._vectors_TD[first:end] = rows.vectors_ND
        self._index.add(rows.vectors_ND)
        self.entries += rows.entries
        self.documents += rows.documents
        self.row_of.update((entry.article_id, row) for row, entry in enumerate(rows.entries, first))

    def rows(self, first: int, end: int) -> Rows:
        """Rows ``first`` to ``end``. They never change, so another thread may read them."""
        return Rows(self.entries[first:end], self.documents[first:end], self._vectors_TD[first:end])

    def vectors(self, rows: RowIds) -> Vectors:
        """The vectors in ``rows``."""
        return self._vectors_TD[rows]

    def search(self, query_D: Vectors, limit: int, allowed_T: Mask) -> Found:
        """See ``ports.Index``."""
        return self._index.search(query_D, limit, allowed_T)

"""A generation: segments one after the other, and which of their rows are alive.

It is made away from the event loop, by one process for all that share its files, and never
changes. ``Catalogue`` stands on one and adds what came since.

Shapes: S rows, K rows asked about, D dimensions.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.entry import Entry
from service.catalogue.segment import Segment, hashes_of
from service.domain.fields import ArticleId
from service.ports import Found, Mask, RowIds, Vectors

START: Final = b"0-0"


@dataclass(frozen=True, eq=False)
class Sealed:
    """``position``: the article log up to there is in it. ``withdrawn`` are the withdrawals of the
    last days by revision, so that a late put does not undo them. ``written`` is when it was made
    (seconds since 1970).
    """

    dimension: int
    number: int = 0
    position: bytes = START
    segments: tuple[Segment, ...] = ()
    alive_S: Mask = field(default_factory=lambda: np.empty(0, np.bool_), repr=False)
    withdrawn: Mapping[ArticleId, int] = field(default_factory=dict, repr=False)
    written: float = 0.0

    def __len__(self) -> int:
        return len(self.alive_S)

    @cached_property
    def firsts(self) -> NDArray[np.int64]:
        """The first row of each segment, and the end."""
        return np.cumsum([0, *map(len, self.segments)])

    @cached_property
    def _starts(self) -> list[int]:
        return [int(first) for first in self.firsts[:-1]]

    @cached_property
    def longest(self) -> float:
        """No vector is longer (L2)."""
        return max((segment.longest for segment in self.segments), default=0.0)

    def find(self, article_ids: Sequence[ArticleId]) -> RowIds:
        """The row in which each article is alive, -1 for one that is not here."""
        rows_K: RowIds = np.full(len(article_ids), -1, np.int64)
        if not self.segments or not article_ids:
            return rows_K
        names = [article_id.encode() for article_id in article_ids]
        hashes_K = hashes_of(names)
        for first, segment in zip(self.firsts, self.segments, strict=False):
            found_K = segment.find(names, hashes_K)
            here_K = found_K >= 0
            here_K[here_K] = self.alive_S[found_K[here_K] + first]
            rows_K[here_K] = found_K[here_K] + first
        return rows_K

    def article_ids(self, rows_K: RowIds) -> list[ArticleId]:
        """The ids of the articles in ``rows_K``."""
        if len(self.segments) == 1:
            return self.segments[0].article_ids(rows_K)
        owners = [self._own(row) for row in rows_K.tolist()]
        return [segment.article_id(own) for segment, own in owners]

    def revision(self, row: int) -> int:
        """The revision of the article in ``row``."""
        segment, own = self._own(row)
        return int(segment.rows_N["revision"][own])

    def entry(self, row: int) -> Entry:
        """What is known of the article in ``row``."""
        segment, own = self._own(row)
        return segment.entry(own)

    def document(self, row: int) -> bytes:
        """The whole article in ``row``; '' where none is kept."""
        segment, own = self._own(row)
        return segment.texts["document"][own]

    def vectors(self, rows_K: RowIds) -> Vectors:
        """The vectors (K×D) in ``rows_K``."""
        if len(self.segments) == 1:
            return _taken(self.segments[0].index.vectors, rows_K)
        vectors_KD = np.empty((len(rows_K), self.dimension), np.float16)
        of_K = np.searchsorted(self.firsts, rows_K, "right") - 1
        for number in np.unique(of_K).tolist():
            here_K = of_K == number
            own = rows_K[here_K] - self.firsts[number]
            vectors_KD[here_K] = _taken(self.segments[number].index.vectors, own)
        return vectors_KD

    def column(self, name: str) -> NDArray[np.float64]:
        """One of the times in ``segment.ROW``, of all rows (S,)."""
        columns = [segment.rows_N[name] for segment in self.segments]
        return np.concatenate(columns) if columns else np.empty(0)

    def search(self, query_D: Vectors, limit: int, allowed_S: Mask) -> list[Found]:
        """What each segment finds: at most ``limit`` allowed rows, with their scores."""
        found = []
        for first, segment in zip(self.firsts, self.segments, strict=False):
            rows, scores = segment.index.search(
                query_D, limit, allowed_S[first : first + len(segment)]
            )
            found.append((rows + first, scores))
        return found

    def _own(self, row: int) -> tuple[Segment, int]:
        number = bisect_right(self._starts, row) - 1
        return self.segments[number], row - self._starts[number]


def _taken(vectors_ND: Vectors, rows_K: RowIds) -> Vectors:
    """Some rows. A file is mapped at any address, and NumPy would copy all of it to align it before
    it takes: not so where it sees bytes.
    """
    return vectors_ND.view(np.uint8).take(rows_K, axis=0).view(np.float16)

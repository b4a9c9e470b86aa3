"""The catalogue: every article that this process can recommend now.

A row is written once. An article that changes gets a new row and its old one dies; when too many
rows are dead, the rows are laid anew. All of it happens between two awaits of the event loop's
one thread, so that a request sees one state from beginning to end.

Shapes: R rows, C candidates, N articles, D dimensions.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from service.catalogue.columns import FIRST_CAPACITY, Columns, grown
from service.catalogue.entry import Entry
from service.catalogue.recent import Recent, newest_first
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.ports import Index, Mask, Vectors

DEAD_ROWS_BEFORE_COMPACTION: Final = 4_096
WITHDRAWALS_REMEMBERED: Final = 10_000
"""So many withdrawals are known by revision, so that a late put does not undo them."""
RowIds = NDArray[np.int64]
Float64 = NDArray[np.float64]


class Entries(Sequence[Entry]):
    """The entries of some rows. Most candidates are never looked at: to touch them costs more."""

    def __init__(self, entries: Sequence[Entry], rows: RowIds) -> None:
        self._entries, self._rows = entries, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> "Entries": ...
    def __getitem__(self, position: int | slice) -> "Entry | Entries":
        if isinstance(position, slice):
            return Entries(self._entries, self._rows[position])
        return self._entries[int(self._rows[position])]


class Catalogue:
    """The live articles, their vectors, and the index over them."""

    _entries: list[Entry]
    _row_of: dict[ArticleId, int]
    _expiries: list[tuple[float, int]]
    _recent: Recent
    columns: Columns
    _vectors_RD: Vectors
    _alive_R: Mask
    _index: Index
    layout: int = 0
    """Changes whenever rows are renumbered."""
    longest: float = 0.0
    """No vector is longer (L2); one that was may have left since the rows were laid."""

    def __init__(
        self, dimension: int, new_index: Callable[[], Index], *, normalised: bool = True
    ) -> None:
        """``normalised``: every vector has length 1."""
        self._new_index = new_index
        self.normalised = normalised
        self._withdrawn: dict[ArticleId, int] = {}
        self._lay([], np.empty((0, dimension), np.float16))

    def __len__(self) -> int:
        """How many articles are live."""
        return len(self._row_of)

    @property
    def rows_written(self) -> int:
        """Rows 0 to this have been written, live or not."""
        return len(self._entries)

    def __contains__(self, article_id: ArticleId) -> bool:
        return article_id in self._row_of

    def revision(self, article_id: ArticleId) -> int:
        """The last revision heard of, be it live or withdrawn; 0 if none."""
        row = self._row_of.get(article_id)
        return self._withdrawn.get(article_id, 0) if row is None else self._entries[row].revision

    def put(self, entries: Sequence[Entry], vectors_ND: Vectors) -> None:
        """Add or replace articles. One that is older than what is known changes nothing."""
        fresh = self._newer_than_known(entries)
        if not fresh:
            return
        first, end = len(self._entries), len(self._entries) + len(fresh)
        self._vectors_RD = grown(self._vectors_RD, end - 1)
        self._alive_R = grown(self._alive_R, end - 1)
        self._vectors_RD[first:end] = vectors_ND[fresh]
        for position in fresh:
            self._kill(entries[position].article_id)
            self._withdrawn.pop(entries[position].article_id, None)
            self._append(entries[position])
        added_ND = self._vectors_RD[first:end]
        self._index.add(added_ND)
        self.longest = max(self.longest, _longest(added_ND))
        self._compact_if_due()

    def withdraw(self, article_id: ArticleId, revision: int) -> None:
        """Forget the article, unless a later revision is known."""
        if revision > self.revision(article_id):
            self._kill(article_id)
            self._withdrawn[article_id] = revision
            if len(self._withdrawn) > WITHDRAWALS_REMEMBERED:
                del self._withdrawn[next(iter(self._withdrawn))]

    def expire(self, now: float) -> None:
        """Forget the articles whose time is up."""
        while self._expiries and self._expiries[0][0] <= now:
            _, row = heapq.heappop(self._expiries)
            if row < len(self._entries) and self._alive_R[row]:
                self._kill(self._entries[row].article_id)

    def keep_only(self, article_ids: set[ArticleId]) -> None:
        """Forget every article that is not among ``article_ids``."""
        for article_id in [known for known in self._row_of if known not in article_ids]:
            self._kill(article_id)

    def rows(self, article_ids: Iterable[ArticleId]) -> RowIds:
        """The rows of those articles that are live, in order."""
        known = (self._row_of.get(article_id) for article_id in article_ids)
        return np.array([row for row in known if row is not None], np.int64)

    def ids(self, rows: RowIds) -> list[ArticleId]:
        """The articles in ``rows``."""
        return [self._entries[row].article_id for row in rows.tolist()]

    def entry(self, article_id: ArticleId) -> Entry | None:
        """What is known of a live article."""
        row = self._row_of.get(article_id)
        return None if row is None else self._entries[row]

    def vectors(self, rows: RowIds) -> Vectors:
        """The vectors (N×D) in ``rows``."""
        return self._vectors_RD[rows]

    def directions(self, vectors_ND: Vectors | Float64) -> Float64:
        """The vectors at length 1, as cosines need them; unchanged where the model sees to it."""
        exact_ND = vectors_ND.astype(np.float64, copy=False)
        if self.normalised:
            return exact_ND
        lengths_N1 = np.linalg.norm(exact_ND, axis=1, keepdims=True)
        unit_ND: Float64 = exact_ND / np.where(lengths_N1 > 0, lengths_N1, 1.0)
        return unit_ND

    def entries(self, rows: RowIds) -> "Entries":
        """What is known of the articles in ``rows``, looked up one by one when asked for."""
        return Entries(self._entries, rows)

    def row(self, article_id: ArticleId) -> int | None:
        """The row of an article, None unless it is live."""
        return self._row_of.get(article_id)

    def allowed(self, filters: Filters | None, without: Iterable[ArticleId]) -> Mask:
        """Which rows (R,) are live, pass the filters and are not among ``without``."""
        count = len(self._entries)
        mask_R = self._alive_R[:count].copy()
        if filters is not None:
            mask_R &= self.columns.mask(filters, count)
        mask_R[self.rows(without)] = False
        return mask_R

    def nearest(self, query_D: Vectors, limit: int, allowed: Mask) -> RowIds:
        """The ``limit`` allowed rows of highest inner product with ``query_D``, best first."""
        return self._index.search(query_D, limit, allowed)

    def newest(self, limit: int, allowed: Mask) -> RowIds:
        """The ``limit`` allowed rows published last, the newest first."""
        if limit < 1:
            return np.empty(0, np.int64)
        recent = self._recent.rows()
        found = recent[allowed[recent]][:limit]
        if len(found) == limit or self._recent.complete:
            return found
        rows = np.flatnonzero(allowed)
        return newest_first(rows, self.columns.published_R[rows], limit)

    def _lay(self, entries: Sequence[Entry], vectors_ND: Vectors) -> None:
        self.layout += 1
        self._entries, self._row_of, self._expiries = [], {}, []
        self.columns = Columns()
        self._recent = Recent()
        self._vectors_RD = grown(vectors_ND, FIRST_CAPACITY - 1)
        self._alive_R = np.zeros(len(self._vectors_RD), np.bool_)
        self._index = self._new_index()
        for entry in entries:
            self._append(entry)
        self._index.add(vectors_ND)
        self.longest = _longest(vectors_ND)

    def _append(self, entry: Entry) -> None:
        row = len(self._entries)
        self.columns.set(row, entry)
        self._recent.add(row, entry.published)
        self._entries.append(entry)
        self._row_of[entry.article_id] = row
        self._alive_R[row] = True
        heapq.heappush(self._expiries, (entry.expires, row))

    def _kill(self, article_id: ArticleId) -> None:
        row = self._row_of.pop(article_id, None)
        if row is not None:
            self._alive_R[row] = False

    def _compact_if_due(self) -> None:
        dead = len(self._entries) - len(self._row_of)
        if dead > max(DEAD_ROWS_BEFORE_COMPACTION, len(self._row_of) // 4):
            rows = np.flatnonzero(self._alive_R[: len(self._entries)])
            self._lay([self._entries[row] for row in rows.tolist()], self._vectors_RD[rows])

    def _newer_than_known(self, entries: Sequence[Entry]) -> list[int]:
        """Positions of the entries to write: the latest of each article, if it is news."""
        latest: dict[ArticleId, int] = {}
        for position, entry in enumerate(entries):
            held = latest.get(entry.article_id)
            known = self.revision(entry.article_id) if held is None else entries[held].revision
            if entry.revision > known:
                latest[entry.article_id] = position
        return sorted(latest.values())


def _longest(vectors_ND: Vectors) -> float:
    return float(np.linalg.norm(vectors_ND.astype(np.float32), axis=1).max(initial=0.0))

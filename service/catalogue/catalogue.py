"""The catalogue: every article that this process can recommend now.

It stands on a generation (``sealed.py``), which never changes, and adds a small tail of what came
since. A row is written once: an article that changes gets a new row and its old one dies. All of
it happens between two awaits of the event loop's one thread, so that a request which holds on to
one catalogue sees one state from beginning to end. When there is a newer generation, a new
catalogue is laid on it away from the event loop and takes this one's place by one assignment.

Shapes: R rows, S sealed rows, T rows of the tail, C candidates, N articles, D dimensions.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from service.catalogue.columns import FIRST_CAPACITY, Columns, grown
from service.catalogue.entries import Entries
from service.catalogue.entry import Entry
from service.catalogue.expiry import Expiry
from service.catalogue.fitting import first_fitting
from service.catalogue.frozen import Frozen
from service.catalogue.precision import in_single_precision
from service.catalogue.recent import Recent, newest_first
from service.catalogue.sealed import Sealed
from service.catalogue.segment import Hashes
from service.catalogue.tail import Rows, Tail
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.ports import Mask, RowIds, TailIndex, Vectors

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_layouts = itertools.count(1)


class Catalogue:
    """The live articles, their vectors, and the search among them."""

    def __init__(
        self, sealed: Sealed, new_tail: Callable[[], TailIndex], *, normalised: bool = True
    ) -> None:
        """``normalised``: every vector has length 1."""
        self.sealed, self.normalised = sealed, normalised
        self.layout = next(_layouts)
        """No other catalogue of this process has the same: rows are numbered anew in each."""
        self.longest = sealed.longest
        """No vector is longer (L2); one that was may have left since the generation was made."""
        self.columns = Columns.of(sealed)
        self._first = len(sealed)
        self._tail = Tail(sealed.dimension, new_tail())
        self._new_tail = new_tail
        self._alive_R = grown(sealed.alive_S.copy(), self._first + FIRST_CAPACITY)
        self._alive_R[self._first :] = False
        self._live = int(np.count_nonzero(sealed.alive_S))
        self._expiry = Expiry(sealed.column("expires"))
        alive = np.flatnonzero(sealed.alive_S)
        self._recent = Recent(alive, self.columns.published_R[alive])
        self._withdrawn = dict(sealed.withdrawn)
        self._withdrawals: list[tuple[ArticleId, int]] = []

    def __len__(self) -> int:
        """How many articles are live."""
        return self._live

    @property
    def rows_written(self) -> int:
        """Rows 0 to this have been written, live or not."""
        return self._first + len(self._tail)

    @property
    def changes(self) -> int:
        """How many rows and withdrawals came since the generation that this stands on."""
        return len(self._tail) + len(self._withdrawals)

    @property
    def withdrawn(self) -> Mapping[ArticleId, int]:
        """The withdrawals that are remembered, by revision."""
        return self._withdrawn

    def __contains__(self, article_id: ArticleId) -> bool:
        return self.row(article_id) is not None

    def find(self, article_ids: Sequence[ArticleId]) -> RowIds:
        """The row of each article (N,), -1 unless it is live."""
        return self.live(article_ids, self.sealed.find(article_ids))

    def live(self, article_ids: Sequence[ArticleId], sealed_N: RowIds) -> RowIds:
        """The same, where the articles' rows in the generation are known."""
        rows_N = np.where(self._alive_R[sealed_N], sealed_N, -1)
        row_of = self._tail.row_of
        if row_of:
            tail_N = np.array([row_of.get(a, -1) for a in article_ids], np.int64)
            here_N = tail_N >= 0
            tail_N += self._first
            here_N[here_N] = self._alive_R[tail_N[here_N]]
            rows_N[here_N] = tail_N[here_N]
        return rows_N

    def rows(self, article_ids: Iterable[ArticleId]) -> RowIds:
        """The rows of those articles that are live, in order."""
        rows_N = self.find(list(article_ids))
        return rows_N[rows_N >= 0]

    def row(self, article_id: ArticleId) -> int | None:
        """The row of an article, None unless it is live."""
        row = int(self.find([article_id])[0])
        return None if row < 0 else row

    def ids(self, rows: RowIds) -> list[ArticleId]:
        """The articles in ``rows``."""
        tail_N = rows >= self._first
        if not tail_N.any():
            return self.sealed.article_ids(rows)
        sealed = iter(self.sealed.article_ids(rows[~tail_N]))
        entries = self._tail.entries
        return [
            next(sealed) if row < self._first else entries[row - self._first].article_id
            for row in rows.tolist()
        ]

    def entry(self, article_id: ArticleId) -> Entry | None:
        """What is known of a live article."""
        row = self.row(article_id)
        return None if row is None else self._entry(row)

    def entries(self, rows: RowIds) -> Entries:
        """What is known of the articles in ``rows``, looked up one by one when asked for."""
        return Entries(self._entry, rows)

    def revisions(self, article_ids: Sequence[ArticleId]) -> list[int]:
        """The last revision heard of each article, be it live or withdrawn; 0 if none."""
        rows = self.find(article_ids).tolist()
        return [
            self._withdrawn.get(article_id, 0) if row < 0 else self._revision(row)
            for article_id, row in zip(article_ids, rows, strict=True)
        ]

    def alive(self, rows: RowIds) -> Mask:
        """Which of the rows (N,) are live."""
        return self._alive_R[rows]

    def live_rows(self) -> RowIds:
        """The rows of all live articles."""
        return np.flatnonzero(self._alive_R[: self.rows_written])

    def documents(self, rows: RowIds) -> list[bytes]:
        """The whole articles in ``rows``; '' where none is kept."""
        return [self._document(row) for row in rows.tolist()]

    def vectors(self, rows: RowIds) -> Vectors:
        """The vectors (N×D) in ``rows``."""
        tail_N = rows >= self._first
        if not tail_N.any():
            return self.sealed.vectors(rows)
        vectors_ND = np.empty((len(rows), self.sealed.dimension), np.float16)
        vectors_ND[tail_N] = self._tail.vectors(rows[tail_N] - self._first)
        vectors_ND[~tail_N] = self.sealed.vectors(rows[~tail_N])
        return vectors_ND

    def directions(self, vectors_ND: Vectors | Float64) -> Float64:
        """The vectors at length 1, as cosines need them; unchanged where the model sees to it."""
        if self.normalised:
            return vectors_ND.astype(np.float64, copy=False)
        # In place, a fifth of the time: of a request's candidates each copy is a megabyte.
        exact_ND: Float64 = vectors_ND.astype(np.float64)
        lengths_N = np.sqrt(np.einsum("nd,nd->n", exact_ND, exact_ND))
        exact_ND /= np.where(lengths_N > 0, lengths_N, 1.0)[:, np.newaxis]
        return exact_ND

    def single_directions(self, vectors_ND: Vectors) -> Float32:
        """The directions in single precision: less to walk through where many are compared."""
        if self.normalised:
            return in_single_precision(vectors_ND)
        return self.directions(vectors_ND).astype(np.float32)

    def allowed(self, filters: Filters | None, without: Iterable[ArticleId]) -> Mask:
        """Which rows (R,) are live, pass the filters and are not among ``without``."""
        count = self.rows_written
        mask_R = self._alive_R[:count].copy()
        if filters is not None:
            mask_R &= self.columns.mask(filters, count)
        refused = list(without)
        if refused:
            mask_R[self.rows(refused)] = False
        return mask_R

    def nearest(self, query_D: Vectors, limit: int, allowed: Mask) -> RowIds:
        """The ``limit`` allowed rows of highest inner product with ``query_D``, best first."""
        if limit < 1:
            return np.empty(0, np.int64)
        found = self.sealed.search(query_D, limit, allowed[: self._first])
        rows, scores = self._tail.search(query_D, limit, allowed[self._first :])
        found.append((rows + self._first, scores))
        if len(found) == 1:
            return found[0][0]
        rows = np.concatenate([rows for rows, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        return rows[np.lexsort((rows, -scores))[:limit]]

    def newest(self, limit: int, allowed: Mask) -> RowIds:
        """The ``limit`` allowed rows published last, the newest first."""
        if limit < 1:
            return np.empty(0, np.int64)
        recent = self._recent.rows()
        found = recent[first_fitting(recent, limit, allowed.__getitem__)]
        if len(found) == limit or self._recent.complete:
            return found
        rows = np.flatnonzero(allowed)
        return newest_first(rows, self.columns.published_R[rows], limit)

    def put(
        self, entries: Sequence[Entry], vectors_ND: Vectors, documents: Sequence[bytes] = ()
    ) -> None:
        """Add or replace articles. One that is older than what is known changes nothing.

        ``documents`` are the whole articles, for generations to keep; none: they are not kept.
        """
        fresh = self._newer_than_known(entries)
        if not fresh:
            return
        news = Rows(
            [entries[n] for n in fresh],
            [documents[n] for n in fresh] if documents else [b""] * len(fresh),
            vectors_ND[fresh],
        )
        self._kill(self.find([entry.article_id for entry in news.entries]))
        first = self.rows_written
        self._tail.add(news)
        self._alive_R = grown(self._alive_R, self.rows_written - 1)
        for row, entry in enumerate(news.entries, first):
            self._withdrawn.pop(entry.article_id, None)
            self.columns.set(row, entry)
            self._recent.add(row, entry.published)
            self._expiry.add(row, entry.expires)
        self._alive_R[first : self.rows_written] = True
        self._live += len(news.entries)
        self.longest = max(self.longest, longest_of(news.vectors_ND))

    def withdraw(self, article_id: ArticleId, revision: int) -> None:
        """Forget the article, unless a later revision is known."""
        if revision > self.revisions([article_id])[0]:
            self._kill(self.find([article_id]))
            self._withdrawn[article_id] = revision
            self._withdrawals.append((article_id, revision))

    def expire(self, now: float) -> None:
        """Forget the articles whose time is up."""
        due = self._expiry.due(now)
        if due:
            self._kill(np.array(due, np.int64))

    def gone(self, stored: Hashes) -> dict[ArticleId, int]:
        """The live articles whose ids' hashes are not among ``stored``, with the revision that
        withdraws each.
        """
        known = self.frozen()
        missing = np.flatnonzero(known.alive_R & ~np.isin(known.hashes(), stored))
        ids = self.ids(missing)
        return {a: self._revision(row) + 1 for a, row in zip(ids, missing.tolist(), strict=True)}

    def frozen(self) -> Frozen:
        """The catalogue as it is now, for another thread."""
        return Frozen(
            layout=self.layout,
            sealed=self.sealed,
            alive_R=self._alive_R[: self.rows_written].copy(),
            tail=self._tail.rows(0, len(self._tail)),
            withdrawals=tuple(self._withdrawals),
        )

    def on(self, sealed: Sealed, known: Frozen) -> "Catalogue":
        """A catalogue on a newer generation, with all that ``known`` has and it lacks."""
        new = Catalogue(sealed, self._new_tail, normalised=self.normalised)
        new._do_again(known.tail, known.withdrawals)
        return new

    def catch_up(self, other: "Catalogue", known: Frozen) -> None:
        """Do what was done to ``other`` since it was ``known``."""
        rows = other._tail.rows(len(known.tail.entries), len(other._tail))
        self._do_again(rows, other._withdrawals[len(known.withdrawals) :])

    def _do_again(self, rows: Rows, withdrawals: Iterable[tuple[ArticleId, int]]) -> None:
        self.put(rows.entries, rows.vectors_ND, rows.documents)
        for article_id, revision in withdrawals:
            self.withdraw(article_id, revision)

    def _entry(self, row: int) -> Entry:
        if row < self._first:
            return self.sealed.entry(row)
        return self._tail.entries[row - self._first]

    def _document(self, row: int) -> bytes:
        if row < self._first:
            return self.sealed.document(row)
        return self._tail.documents[row - self._first]

    def _revision(self, row: int) -> int:
        if row < self._first:
            return self.sealed.revision(row)
        return self._tail.entries[row - self._first].revision

    def _kill(self, rows: RowIds) -> None:
        rows = rows[rows >= 0]
        dying = rows[self._alive_R[rows]]
        self._alive_R[dying] = False
        self._live -= len(dying)

    def _newer_than_known(self, entries: Sequence[Entry]) -> list[int]:
        """Positions of the entries to write: the latest of each article, if it is news."""
        latest: dict[ArticleId, int] = {}
        known = self.revisions([entry.article_id for entry in entries])
        for position, entry in enumerate(entries):
            held = latest.get(entry.article_id)
            before = known[position] if held is None else entries[held].revision
            if entry.revision > before:
                latest[entry.article_id] = position
        return sorted(latest.values())


def longest_of(vectors_ND: Vectors) -> float:
    """The length (L2) of the longest vector."""
    return float(np.linalg.norm(vectors_ND.astype(np.float32), axis=1).max(initial=0.0))

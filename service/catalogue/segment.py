"""A segment: articles in rows that never change, with their vectors and the search among them.

Its arrays may lie in memory or in files that every process of a machine maps.

Shapes: N rows, K rows asked about, D dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from service.catalogue.entry import Entry
from service.domain.fields import ArticleId
from service.ports import RowIds, SealedIndex

ROW: Final = np.dtype(
    [
        ("revision", np.int64),
        ("published", np.float64),
        ("ingested", np.float64),
        ("expires", np.float64),
        ("language", np.int32),
        ("category", np.int32),
        ("source", np.int32),
        ("author", np.int32),
    ]
)
"""What filters and policies read of an article; the last four are places in ``labels``, -1: none.
"""
LABELS: Final = ("language", "category", "source", "author")
TEXTS: Final = ("id", "title", "entities", "document")
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Texts:
    """A text for each row: row r stands in ``buffer`` from ``offsets[r]`` to ``offsets[r + 1]``."""

    offsets: NDArray[np.int64]
    buffer: memoryview

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> bytes:
        start, stop = self.offsets[row : row + 2].tolist()
        return bytes(self.buffer[start:stop])

    def of(self, rows: RowIds | NDArray[np.int32]) -> list[bytes]:
        """The texts in ``rows``."""
        ends = zip(self.offsets[rows].tolist(), self.offsets[rows + 1].tolist(), strict=True)
        return [bytes(self.buffer[start:stop]) for start, stop in ends]


@dataclass(frozen=True, eq=False)
class Segment:
    """``texts`` are by name, as in ``TEXTS``: the id, the title, the entities as a JSON list and
    the whole article as a JSON document. ``hashes_N`` are sorted, ``order_N`` says whose they are.
    """

    name: str
    rows_N: NDArray[np.void] = field(repr=False)
    texts: Mapping[str, Texts] = field(repr=False)
    labels: Mapping[str, Sequence[str]] = field(repr=False)
    hashes_N: Hashes = field(repr=False)
    order_N: NDArray[np.int32] = field(repr=False)
    index: SealedIndex = field(repr=False)
    longest: float = 0.0
    """The length (L2) of the longest vector."""

    def __len__(self) -> int:
        return len(self.rows_N)

    @property
    def hashes_by_row(self) -> Hashes:
        """The hash of each row's id (N,)."""
        by_row_N = np.empty_like(self.hashes_N)
        by_row_N[self.order_N] = self.hashes_N
        return by_row_N

    def find(self, names: Sequence[bytes], hashes_K: Hashes) -> RowIds:
        """The row of each article, by its id and the id's hash; -1 for one that is not here."""
        rows_K: RowIds = np.full(len(hashes_K), -1, np.int64)
        places_K = self.hashes_N.searchsorted(hashes_K)
        found = (places_K < len(self.hashes_N)).nonzero()[0]
        found = found[self.hashes_N[places_K[found]] == hashes_K[found]]
        rows = self.order_N[places_K[found]]
        rows_K[found] = rows
        for k, name in zip(found.tolist(), self.texts["id"].of(rows), strict=True):
            if name != names[k]:
                rows_K[k] = self._checked(names[k], int(places_K[k]) + 1, hashes_K[k])
        return rows_K

    def article_ids(self, rows: RowIds) -> list[ArticleId]:
        """The ids of the articles in ``rows``."""
        return [ArticleId(name.decode()) for name in self.texts["id"].of(rows)]

    def article_id(self, row: int) -> ArticleId:
        """The id of the article in ``row``."""
        return ArticleId(self.texts["id"][row].decode())

    def entry(self, row: int) -> Entry:
        """What is known of the article in ``row``."""
        fields = dict(zip(ROW.names or (), self.rows_N[row].tolist(), strict=True))
        for name in LABELS:
            code = fields[name]
            fields[name] = None if code < 0 else self.labels[name][code]
        return Entry(
            article_id=self.article_id(row),
            title=self.texts["title"][row].decode(),
            entities=tuple(orjson.loads(self.texts["entities"][row])),
            **fields,
        )

    def _checked(self, name: bytes, place: int, of: np.uint64) -> int:
        """The row from ``place`` on whose id is ``name``: two ids may share a hash."""
        while place < len(self.hashes_N) and self.hashes_N[place] == of:
            row = int(self.order_N[place])
            if self.texts["id"][row] == name:
                return row
            place += 1
        return -1


def hashes_of(names: Sequence[bytes]) -> Hashes:
    """What segments find ids by; the same in every process and on every machine."""
    return np.fromiter(map(xxhash.xxh3_64_intdigest, names), np.uint64, len(names))

"""Search with FAISS over float16 vectors: the very numbers that are stored and scored.

Two indexes. ``FaissTail`` grows and is exact. ``FaissSegment`` lies in files that all processes
of a machine map: exact while it is small; from ``EXACT_ROWS`` on it looks through 4-bit product
codes first and scores what these find exactly. Where a filter leaves too little of what was found,
the search is exact again, among the allowed rows only.

Shapes: N rows, D dimensions.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from service.ports import Found, Mask, Vectors

faiss.omp_set_num_threads(1)  # one thread a query: the requests share the cores among themselves

EXACT_ROWS: Final = 10_000
"""Below, the codes save too little to be worth it (``bench/index.py``)."""
FETCHED: Final = 1_200
"""So many rows are found by their codes, at least, and then scored exactly."""
FETCHED_PER_WANTED: Final = 3
ENOUGH: Final = 0.6
"""So much of what the codes should have brought must be allowed; less: search exactly."""
CODE_NS, FETCHED_NS = 5, 300
"""What it takes to look at a row's code, and to fetch and score a row that its code has found."""
ALLOWED_NS, PASSED_NS = 57, 2
"""What an exact search takes for a row that is allowed, and for any. Measured at 100,000 by 384
(``bench/index.py``); only how they compare matters.
"""
TRAINED_ON: Final = 65_536
CHUNK: Final = 65_536
EXACT_FILE, COARSE_FILE = "vectors.faiss", "codes.faiss"


class FaissTail:
    """A flat index that grows. Rows are numbered in the order in which they were added."""

    def __init__(self, dimension: int) -> None:
        self._index = _flat(dimension)

    def add(self, vectors_ND: Vectors) -> None:
        """See ``ports.TailIndex``."""
        self._index.add(vectors_ND.astype(np.float32))

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> Found:
        """See ``ports.Index``. Exact."""
        return _exactly(self._index, query_D, limit, allowed)


class FaissSegment:
    """See ``ports.SealedIndex``."""

    def __init__(self, folder: Path) -> None:
        """Map what ``write`` wrote. Raises RuntimeError for files that FAISS cannot read."""
        self._exact: Any = faiss.read_index(str(folder / EXACT_FILE), faiss.IO_FLAG_MMAP_IFC)
        self._vectors_ND = _mapped(folder / EXACT_FILE, self._exact.ntotal, self._exact.d)
        self._refined: Any = None
        if (folder / COARSE_FILE).exists():
            self._coarse = faiss.read_index(str(folder / COARSE_FILE))
            self._refined = faiss.IndexRefine(self._coarse, self._exact)

    @property
    def vectors(self) -> Vectors:
        """See ``ports.SealedIndex``."""
        return self._vectors_ND

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> Found:
        """See ``ports.Index``."""
        index, fetched = self.behind(limit, int(np.count_nonzero(allowed)))
        if index is self._exact:
            return _exactly(self._exact, query_D, limit, allowed)
        rows, scores = _searched(index, query_D, fetched)
        open_K = allowed[rows]
        if np.count_nonzero(open_K) < ENOUGH * fetched * np.count_nonzero(allowed) / len(allowed):
            return _exactly(self._exact, query_D, limit, allowed)
        return rows[open_K][:limit], scores[open_K][:limit]

    def behind(self, limit: int, allowed: int) -> tuple[Any, int]:
        """Which FAISS index finds ``limit`` rows where so many are allowed, and how many rows it is
        asked for.
        """
        count = self._exact.ntotal
        fetched = int(max(FETCHED, FETCHED_PER_WANTED * limit) * count / max(allowed, 1))
        by_codes = CODE_NS * count + FETCHED_NS * fetched
        exactly = PASSED_NS * count + ALLOWED_NS * allowed
        if self._refined is None or by_codes > exactly:
            return self._exact, limit
        return self._refined, fetched


def write(folder: Path, dimension: int, pieces_ND: Iterable[Vectors]) -> None:
    """Write the files of a segment whose rows come in pieces. Takes as long as training takes.

    Raises OSError where the disk refuses.
    """
    exact = _flat(dimension)
    for piece_ND in pieces_ND:
        exact.add(piece_ND.astype(np.float32))
    _save(exact, folder / EXACT_FILE)
    del exact
    vectors_ND = FaissSegment(folder).vectors
    if len(vectors_ND) >= EXACT_ROWS and dimension % 2 == 0:
        _save(_coarse(vectors_ND), folder / COARSE_FILE)


def _save(index: Any, path: Path) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"{path.name} cannot be written: {error}") from error


def _coarse(vectors_ND: Vectors) -> Any:
    """Codes of 4 bits for every two dimensions: with ``FETCHED`` they seldom miss."""
    count, dimension = vectors_ND.shape
    coarse = faiss.index_factory(dimension, f"PQ{dimension // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).permutation(count)[:TRAINED_ON]
    coarse.train(vectors_ND[np.sort(sample)].astype(np.float32))
    for first in range(0, count, CHUNK):
        coarse.add(vectors_ND[first : first + CHUNK].astype(np.float32))
    return coarse


def _mapped(path: Path, count: int, dimension: int) -> Vectors:
    """The vectors in a flat index's file, where they stand last."""
    if not count:
        return np.empty((0, dimension), np.float16)
    start = path.stat().st_size - 2 * count * dimension
    return np.asarray(np.memmap(path, np.float16, "r", start, (count, dimension)))


def _flat(dimension: int) -> Any:
    return faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )


def _exactly(index: Any, query_D: Vectors, limit: int, allowed: Mask) -> Found:
    limit = min(limit, int(np.count_nonzero(allowed)))
    bits = np.packbits(allowed, bitorder="little")
    selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]
    parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
    return _searched(index, query_D, limit, parameters)


def _searched(index: Any, query_D: Vectors, limit: int, parameters: Any = None) -> Found:
    if limit < 1:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    query = query_D.astype(np.float32)[np.newaxis]
    scores, rows = index.search(query, limit, params=parameters)
    found = rows[0] >= 0
    return rows[0][found], scores[0][found]

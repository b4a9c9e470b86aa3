"""Exact search with FAISS over float16 vectors: the very numbers that are stored and scored."""

import faiss
import numpy as np
from numpy.typing import NDArray

from service.ports import Mask, Vectors

faiss.omp_set_num_threads(1)  # one thread a query: the requests share the cores among themselves


class FaissIndex:
    """A flat index. Rows are numbered in the order in which they were added."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )

    def add(self, vectors_ND: Vectors) -> None:
        """Append rows."""
        self._index.add(vectors_ND.astype(np.float32))

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> NDArray[np.int64]:
        """The ``limit`` allowed rows of highest inner product, best first."""
        if limit < 1 or not self._index.ntotal:
            return np.empty(0, np.int64)
        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = query_D.astype(np.float32)[np.newaxis]
        _, rows = self._index.search(query, min(limit, len(allowed)), params=parameters)
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found

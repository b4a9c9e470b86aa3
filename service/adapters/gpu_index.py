"""Search on a GPU: a segment's vectors lie there too, and all of them are compared, exactly.

The GPU takes no filter and finds at most ``MOST`` rows. So it is asked for more than is wanted,
what is not allowed is left out, and the rest is scored again from the stored vectors. Where too few
are left, or too many are wanted, the segment on disk searches, as without a GPU.

Shapes: N rows, K rows found, D dimensions.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any, Final, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from service.adapters.devices import Wanted
from service.adapters.faiss_index import EXACT_FILE, EXACT_ROWS, FaissSegment
from service.ports import Found, Mask, SealedIndex, Vectors

MOST: Final = 2048
"""FAISS finds no more rows at once on a GPU."""
MORE: Final = 1.25
SPARE: Final = 32
"""So much more is asked for than the filter lets expect, and so many rows beside it."""
_log = logging.getLogger(__name__)


class Search(Protocol):
    """A FAISS index."""

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[Any, NDArray[np.int64]]:
        """The inner products and the rows of the ``k`` nearest, for each query."""
        ...


class GpuSegment:
    """See ``ports.SealedIndex``. ``on_disk`` holds the vectors that ``on_gpu`` searches.

    FAISS allows one thread at a time what takes memory of a GPU: ``turn``, one for all indexes of a
    GPU, is held while one of them is brought there, searched or freed. A segment may be freed
    wherever Python collects garbage, also by a thread that has its turn.
    """

    def __init__(self, on_disk: SealedIndex, on_gpu: Search, turn: RLock) -> None:
        self._on_disk, self._on_gpu, self._turn = on_disk, on_gpu, turn

    def __del__(self) -> None:
        with self._turn:
            del self._on_gpu

    @property
    def vectors(self) -> Vectors:
        """See ``ports.SealedIndex``."""
        return self._on_disk.vectors

    def search(self, query_D: Vectors, limit: int, allowed: Mask) -> Found:
        """See ``ports.Index``."""
        open_rows = int(np.count_nonzero(allowed))
        wanted = min(limit, open_rows)
        asked = min(fetched(wanted, open_rows, len(allowed)), len(allowed))
        if not 0 < asked <= MOST:
            return self._on_disk.search(query_D, limit, allowed)
        rows_K = self._nearest(query_D.astype(np.float32), asked)
        rows_K = rows_K[allowed[rows_K]]
        if len(rows_K) < wanted:
            return self._on_disk.search(query_D, limit, allowed)
        scores_K = self.vectors[rows_K].astype(np.float32) @ query_D.astype(np.float32)
        best = np.argsort(-scores_K, kind="stable")[:wanted]
        return rows_K[best], scores_K[best]

    def _nearest(self, query_D: NDArray[np.float32], asked: int) -> NDArray[np.int64]:
        with self._turn:
            _, rows = self._on_gpu.search(query_D[np.newaxis], asked)
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found


def fetched(wanted: int, allowed: int, rows: int) -> int:
    """How many rows to ask for, where ``wanted`` are to remain of which so many are allowed."""
    return int(MORE * wanted * rows / allowed) + SPARE if allowed else 0


def first_gpu() -> Callable[[Any], Search]:
    """What copies an index to the first GPU. It raises RuntimeError where there is no room."""
    resources: Any = faiss.StandardGpuResources()
    options = faiss.GpuClonerOptions()
    options.use_cuvs = False  # float16 vectors, which cuVS does not take

    def copied(index: Any) -> Search:
        # Of float16 vectors FAISS makes a flat index of float16 vectors.
        on_gpu: Search = faiss.index_cpu_to_gpu(resources, 0, index, options)
        return on_gpu

    return copied


class Gpu:
    """A GPU, as FAISS uses it."""

    def __init__(self, copies: Callable[[], Callable[[Any], Search]] = first_gpu) -> None:
        self._copied = copies()
        self._turn = RLock()

    def segment(self, folder: Path) -> SealedIndex:
        """What ``faiss_index.write`` wrote, on the GPU too if that is worth it and there is room.

        Raises RuntimeError for files that FAISS cannot read.
        """
        on_disk = FaissSegment(folder)
        if len(on_disk.vectors) < EXACT_ROWS:
            return on_disk
        vectors = faiss.read_index(str(folder / EXACT_FILE), faiss.IO_FLAG_MMAP_IFC)
        try:
            with self._turn:
                on_gpu = self._copied(vectors)
        except RuntimeError as error:
            _log.warning("a segment is searched on the CPU, the GPU does not take it: %s", error)
            return on_disk
        return GpuSegment(on_disk, on_gpu, self._turn)


def segments_on(wanted: Wanted) -> Callable[[Path], SealedIndex]:
    """What opens a segment's index: on a GPU where FAISS finds one, unless the CPU is asked for. If
    a GPU is demanded and FAISS finds none, the log says so: the encoder has it to itself.
    """
    if wanted == "cpu":
        return FaissSegment
    if not faiss.get_num_gpus():
        if wanted == "cuda":
            _log.warning("segments are searched on the CPU: the installed FAISS finds no GPU")
        return FaissSegment
    return Gpu().segment

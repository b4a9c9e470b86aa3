"""Retrieval alone: our index, exact search, and qdrant-edge's recommend, on the same real vectors.

A query is a reader: 50 examples, of which the mean is searched for, and which must not come back.
One query at a time, one thread. Recall is of what exact search finds. Our index finds rows; scores,
policy and state are not in this.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.index import grown, real_vectors
from service.adapters import faiss_index
from service.adapters.faiss_index import FaissSegment, FaissTail
from service.ports import Found, Index, Mask, Vectors

EXAMPLES: Final = 50
CATEGORIES: Final = 12
CATEGORY: Final = 3
LIMIT: Final = 200
"""So many candidates the pipeline asks for."""
QUERIES: Final = 200

Query = tuple[np.ndarray, Mask]


@dataclass(frozen=True)
class Row:
    """One way to retrieve."""

    who: str
    filtered: bool
    median_ms: float
    p99_ms: float
    recall: float


@dataclass(frozen=True)
class Task:
    """Whom to retrieve for, and where from."""

    vectors_ND: Vectors
    categories_N: np.ndarray
    examples_QH: np.ndarray

    @classmethod
    def of(cls, real_ND: Vectors, articles: int, queries: int) -> "Task":
        """So many articles, real vectors first, then these moved by noise."""
        rng = np.random.default_rng(4)
        vectors_ND = np.concatenate(list(grown(real_ND, articles)))
        categories_N = rng.integers(CATEGORIES, size=articles)
        return cls(vectors_ND, categories_N, rng.integers(articles, size=(queries, EXAMPLES)))

    def queries(self) -> list[np.ndarray]:
        """The mean of each reader's examples, as late fusion has it."""
        return [self.vectors_ND[of_one].astype(np.float64).mean(0) for of_one in self.examples_QH]

    def allowed(self, *, filtered: bool) -> list[Mask]:
        """For each reader, what may come back."""
        open_N = self.categories_N == CATEGORY if filtered else np.ones(len(self.vectors_ND), bool)
        masks = []
        for examples_H in self.examples_QH:
            mask_N = open_N.copy()
            mask_N[examples_H] = False
            masks.append(mask_N)
        return masks


@dataclass(frozen=True)
class Retrieval:
    """What was found out."""

    facts: dict[str, Any]
    rows: list[Row]


def compared(
    store: Path, model: str, articles: int, queries: int, python: Path | None
) -> Retrieval:
    """Every way, filtered and not. ``python`` is that of qdrant's environment; None: left out."""
    task = Task.of(real_vectors(store, model), articles, queries)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth, rows = _ours(task, folder)
        facts: dict[str, Any] = {"articles": articles}
        if python is not None:
            theirs = _asked(task, folder, python)
            facts |= {"qdrant-edge-py": theirs["version"], "qdrant seconds": theirs["seconds"]}
            rows += list(_rows(theirs["rows"], truth, folder))
    return Retrieval(facts, rows)


def _ours(task: Task, folder: Path) -> tuple[dict[bool, list[np.ndarray]], list[Row]]:
    """What exact search finds, by whether it is filtered; and it and our index as rows."""
    faiss_index.write(folder, task.vectors_ND.shape[1], iter([task.vectors_ND]))
    segment, exact = FaissSegment(folder), FaissTail(task.vectors_ND.shape[1])
    exact.add(task.vectors_ND)
    truth: dict[bool, list[np.ndarray]] = {}
    rows: list[Row] = []
    for filtered in (False, True):
        asked = list(zip(task.queries(), task.allowed(filtered=filtered), strict=True))

        for who, index in (("exact search", exact), ("our index", segment)):
            found, times = _timed(partial(_search, index), asked)
            rows_QK = [rows_K for rows_K, _ in found]
            truth.setdefault(filtered, rows_QK)
            rows.append(_row(who, filtered, times, truth[filtered], rows_QK))
    return truth, rows


def _search(index: Index, one: Query) -> Found:
    query_D, allowed = one
    return index.search(query_D.astype(np.float16), LIMIT, allowed)


def _timed(
    search: Callable[[Query], Found], asked: Sequence[Query]
) -> tuple[list[Found], list[float]]:
    """What is found, and the seconds of each query; the first only warms up."""
    search(asked[0])
    found, times = [], []
    for one in asked:
        started = time.perf_counter()
        found.append(search(one))
        times.append(time.perf_counter() - started)
    return found, times


def _asked(task: Task, folder: Path, python: Path) -> dict[str, Any]:
    np.save(folder / "vectors.npy", task.vectors_ND)
    np.save(folder / "categories.npy", task.categories_N)
    np.save(folder / "examples.npy", task.examples_QH)
    command = [str(python), "-m", "bench.peers.qdrant", "--work", str(folder)]
    command += ["--limit", str(LIMIT), "--category", str(CATEGORY)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=one_thread)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _rows(
    asked: Sequence[dict[str, Any]], truth: dict[bool, list[np.ndarray]], folder: Path
) -> Iterator[Row]:
    for row in asked:
        name = f"qdrant-edge {row['way']}, depth {row['depth']}"
        found = list(np.load(folder / row["found"]))
        recall = _recall(truth[row["filtered"]], found)
        yield Row(name, row["filtered"], row["median_ms"], row["p99_ms"], recall)


def _row(
    who: str,
    filtered: bool,
    times: Sequence[float],
    truth: Sequence[np.ndarray],
    found: Sequence[np.ndarray],
) -> Row:
    median, p99 = (1000 * float(np.percentile(times, share)) for share in (50, 99))
    return Row(who, filtered, median, p99, _recall(truth, found))


def _recall(truth: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    shares = [len(np.intersect1d(a, b)) / len(a) for a, b in zip(truth, found, strict=True)]
    return float(np.mean(shares))

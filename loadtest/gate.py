"""The verdict: what was wanted, what was found, passed or not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loadtest.correctness import Fault
from loadtest.profiles import Call, Limits


@dataclass(frozen=True)
class Answered:
    """How one call was answered."""

    requests: int
    per_second: float
    failed: int
    """Without a good answer; wrong answers are counted as faults."""
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Results:
    """What a run gave."""

    seconds: float
    calls: Mapping[Call, Answered]
    faults: Counter[Fault]
    examples: Mapping[Fault, Sequence[str]]
    recommendations: int
    without_state: int
    late_seconds: Sequence[float]
    """Of a replay's visits; empty where nothing was replayed."""
    broken: Sequence[str] = ()
    """Errors in the load test itself: what it could not do, it has not tested."""


@dataclass(frozen=True)
class Judged:
    """One row of the verdict."""

    what: str
    wanted: str
    found: str
    passed: bool


def verdict(results: Results, limits: Limits) -> list[Judged]:
    """Every row; the run has passed if all of them have."""
    return [
        *_correct(results),
        *_latency(results, limits),
        *_answered(results, limits),
    ]


def passed(rows: Sequence[Judged]) -> bool:
    """Whether all rows have passed."""
    return all(row.passed for row in rows)


def table(rows: Sequence[Judged]) -> str:
    """The verdict as text, a row a line."""
    cells = [("", "wanted", "found", "")] + [
        (row.what, row.wanted, row.found, "passed" if row.passed else "FAILED") for row in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _correct(results: Results) -> Iterator[Judged]:
    wrong = sum(results.faults.values())
    named = ", ".join(f"{times} {fault}" for fault, times in results.faults.most_common())
    yield Judged("broken promises", "0", named or "0", wrong == 0)
    broken = len(results.broken)
    yield Judged("errors of the load test itself", "0", str(broken), broken == 0)


def _latency(results: Results, limits: Limits) -> Iterator[Judged]:
    for call, limit in limits.latency.items():
        answered = results.calls.get(call)
        if answered is None or not answered.requests:
            yield Judged(call, "asked", "never asked", False)
            continue
        for name, found, wanted in (
            ("p95", answered.p95_ms, limit.p95_ms),
            ("p99", answered.p99_ms, limit.p99_ms),
        ):
            at_most, so_much = f"≤ {wanted:.0f} ms", f"{found:.0f} ms"
            yield Judged(f"{call} {name}", at_most, so_much, found <= wanted)


def _answered(results: Results, limits: Limits) -> Iterator[Judged]:
    asked = results.recommendations
    yield Judged("recommendations", f"≥ {limits.requests}", str(asked), asked >= limits.requests)
    requests = sum(call.requests for call in results.calls.values())
    failed = sum(call.failed for call in results.calls.values())
    yield _share("requests without a good answer", failed, requests, limits.failed)
    yield _share(
        "recommendations without state", results.without_state, asked, limits.without_state
    )
    if results.late_seconds:
        late = float(np.percentile(results.late_seconds, 95))
        wanted = f"≤ {limits.late_seconds:g} s"
        kept = late <= limits.late_seconds
        yield Judged("visits begin late, p95", wanted, f"{late:.2f} s", kept)


def _share(what: str, some: int, of_all: int, most: float) -> Judged:
    share = some / of_all if of_all else 0.0
    return Judged(what, f"≤ {most:.2%}", f"{share:.2%} ({some} of {of_all})", share <= most)

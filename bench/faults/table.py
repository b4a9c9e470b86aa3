"""All runs of a fault in a line, and the lines as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from bench.faults.fault import Fault
from bench.faults.ledger import NO_ANSWER, Asked
from bench.faults.run import Run

HEAD: Final = (
    "| fault | what was running | runs | acknowledged before → after | refused or unanswered "
    "| lost | doubled | no write taken for, s: median (most) | reads: answered, of these without "
    "state; unanswered | p99 before; p99, slowest during, ms |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Line:
    """What the runs of one fault gave together."""

    fault: str
    running: str
    promised: list[str]
    runs: int
    acknowledged_before: int
    acknowledged_after: int
    writes_refused: int
    writes_unanswered: int
    articles_lost: int
    withdrawals_lost: int
    clicks_lost: int
    clicks_doubled: int
    counters_off: float
    processes_off: int
    agreed_after_seconds: list[float]
    without_writes_seconds: list[float]
    recovered_seconds: list[float]
    """From the end of the operator's part."""
    reads: int
    reads_without_state: int
    reads_unanswered: int
    p99_before_ms: float
    p99_during_ms: float
    slowest_during_ms: float
    wrong_lists: dict[str, int]
    """Answers with something that they must not hold, also where that was not promised."""
    broken: list[str]
    """What was promised and not so; with its run."""


def line(fault: Fault, runs: Sequence[Run], failure: str | None = None) -> Line:
    """The runs of a fault together. Losses are those that the last audits saw: nothing that is
    lost comes back, and the stage was the same for all. ``failure``: why there were no more.
    """
    writes = [(one, run) for run in runs for one in run.writes]
    reads = [one for run in runs for one in run.reads]
    during = [one for run in runs for one in run.reads if run.struck < one.answered < run.recovered]
    before = [one for run in runs for one in run.reads if one.answered <= run.struck]
    done = [(one, run) for one, run in writes if one.acknowledged]
    found = [run.found for run in runs]
    return Line(
        fault=fault.name,
        running=fault.running,
        promised=sorted(fault.promised),
        runs=len(runs),
        acknowledged_before=sum(one.answered <= run.struck for one, run in done),
        acknowledged_after=sum(one.answered > run.struck for one, run in done),
        writes_refused=sum(one.status == 503 for one, _ in writes),
        writes_unanswered=sum(one.status == NO_ANSWER for one, _ in writes),
        articles_lost=max((one.articles_lost for one in found), default=0),
        withdrawals_lost=max((one.withdrawals_lost for one in found), default=0),
        clicks_lost=max((one.clicks_lost for one in found), default=0),
        clicks_doubled=max((one.clicks_doubled for one in found), default=0),
        counters_off=max((one.counters_off for one in found), default=0),
        processes_off=max((one.processes_off for one in found), default=0),
        agreed_after_seconds=[one.agreed_after_seconds for one in found],
        without_writes_seconds=[run.without_writes_seconds for run in runs],
        recovered_seconds=[run.recovered - run.over for run in runs],
        reads=sum(one.status == 200 for one in reads),
        reads_without_state=sum(one.without_state for one in reads),
        reads_unanswered=sum(one.status == NO_ANSWER for one in reads),
        p99_before_ms=_percentile(before, 99),
        p99_during_ms=_percentile(during, 99),
        slowest_during_ms=_percentile(during, 100),
        wrong_lists=dict(Counter(name for one in reads for name in one.wrong)),
        broken=[
            *(f"run {n}: {said}" for n, run in enumerate(runs, 1) for said in run.broken),
            *([] if failure is None else [failure]),
        ],
    )


def _percentile(asked: Sequence[Asked], share: float) -> float:
    answered = [1000 * (one.answered - one.sent) for one in asked if one.status == 200]
    return float(np.percentile(answered, share)) if answered else 0.0


def table(lines: Sequence[Line]) -> str:
    """The lines in Markdown."""
    return "\n".join([HEAD, *(_row(one) for one in lines)])


def _row(of: Line) -> str:
    away = of.without_writes_seconds
    cells = (
        of.fault,
        of.running,
        str(of.runs),
        f"{of.acknowledged_before:,} → {of.acknowledged_after:,}",
        f"{of.writes_refused:,}; {of.writes_unanswered:,}",
        _lost(of),
        str(of.clicks_doubled),
        f"{np.median(away):.1f} ({max(away):.1f})" if away else "",
        f"{of.reads:,}, {of.reads_without_state:,}; {of.reads_unanswered:,}",
        f"{of.p99_before_ms:.0f}; {of.p99_during_ms:.0f}, {of.slowest_during_ms:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _lost(of: Line) -> str:
    lost = {
        "articles": of.articles_lost,
        "withdrawals": of.withdrawals_lost,
        "clicks": of.clicks_lost,
    }
    said = [
        f"{number} {kind}{'' if kind in of.promised else ' (not promised)'}"
        for kind, number in lost.items()
        if number
    ]
    return ", ".join(said) or "0"


def as_json(lines: Sequence[Line], machine: str, seed: int) -> dict[str, Any]:
    """The lines as they are written to a file."""
    return {"machine": machine, "seed": seed, "faults": [asdict(one) for one in lines]}

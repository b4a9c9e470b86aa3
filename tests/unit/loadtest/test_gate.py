"""The gate passes what keeps its limits, and fails whatever does not."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from loadtest.gate import Answered, Results, passed, table, verdict
from loadtest.profiles import EVENTS, PROFILES, RECOMMEND, Latency, Limits

LIMITS = Limits(
    latency={RECOMMEND: Latency(p95_ms=50, p99_ms=100)},
    failed=0.01,
    without_state=0.01,
    requests=100,
    late_seconds=1.0,
)
GOOD = Results(
    seconds=10,
    calls={
        RECOMMEND: Answered(200, 20, 1, p50_ms=5, p95_ms=50, p99_ms=100),
        EVENTS: Answered(100, 10, 2, p50_ms=5, p95_ms=900, p99_ms=900),
    },
    faults=Counter(),
    examples={},
    recommendations=200,
    without_state=2,
    late_seconds=[0.0] * 95 + [0.9] * 5,
)


def test_a_run_at_its_limits_passes() -> None:
    rows = verdict(GOOD, LIMITS)
    assert passed(rows), table(rows)


def slower(**changes: float) -> dict[str, Any]:
    """The calls with recommendations that were answered otherwise."""
    return {"calls": {**GOOD.calls, RECOMMEND: replace(GOOD.calls[RECOMMEND], **changes)}}


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"faults": Counter({"repeated": 1})}, "broken promises"),
        ({"broken": ["KeyError"]}, "errors of the load test itself"),
        (slower(p95_ms=51), f"{RECOMMEND} p95"),
        (slower(p99_ms=101), f"{RECOMMEND} p99"),
        (slower(failed=2), "requests without a good answer"),
        ({"calls": {EVENTS: GOOD.calls[EVENTS]}}, RECOMMEND),
        ({"recommendations": 99, "without_state": 0}, "recommendations"),
        ({"without_state": 3}, "recommendations without state"),
        ({"late_seconds": [0.0] * 9 + [20.0]}, "visits begin late, p95"),
    ],
)
def test_whatever_breaks_a_limit_fails_the_run(changes: dict[str, Any], row: str) -> None:
    rows = verdict(replace(GOOD, **changes), LIMITS)
    assert row in [one.what for one in rows if not one.passed]
    assert "FAILED" in table(rows)


def test_no_profile_lets_a_wrong_answer_pass() -> None:
    wrong = replace(GOOD, faults=Counter({"withdrawn": 1}))
    assert not any(passed(verdict(wrong, profile.limits)) for profile in PROFILES.values())

"""Verdicts on pairs that were made to agree, to differ, or to say nothing."""

import numpy as np
import pytest

from tests.unit.training.studies.toys import finished, sample
from training.studies.findings import (
    Cell,
    Contrast,
    Finding,
    Verdict,
    judged,
    not_everywhere,
)
from training.studies.study import Finished, Sample

READERS = 60


def values(shift: float, seed: int = 1) -> Sample:
    """Four impressions of each reader, about so much above nothing."""
    rng = np.random.default_rng(seed)
    return sample(
        (shift + rng.normal(0, 0.1, 4 * READERS)).tolist(), np.repeat(range(READERS), 4).tolist()
    )


MADE: dict[str, Finished] = {
    "low": finished(auc=values(0.0)),
    "high": finished(auc=values(0.3, seed=2)),
    "same": finished(auc=values(0.0, seed=3)),
}


def contrast(higher: str, lower: str) -> Contrast:
    return Contrast(Cell(higher, "auc"), Cell(lower, "auc"))


def verdict(*contrasts: Contrast) -> Verdict:
    (one,) = judged([Finding("claim", "abstract", contrasts)], MADE, resamples=1_000)
    return one.verdict


def test_a_clear_difference_as_claimed_agrees() -> None:
    assert verdict(contrast("high", "low")) == "agrees"


def test_a_clear_difference_the_other_way_differs() -> None:
    assert verdict(contrast("low", "high")) == "differs"


def test_a_finding_about_nothing_that_was_asked_for_is_not_measured() -> None:
    assert verdict() == "not measured"


def test_noise_is_called_noise() -> None:
    assert verdict(contrast("same", "low")) == "too noisy to say"
    assert verdict(contrast("low", "low")) == "too noisy to say"


def test_a_claim_about_several_must_hold_for_all() -> None:
    assert verdict(contrast("high", "low"), contrast("high", "same")) == "agrees"
    assert verdict(contrast("high", "low"), contrast("same", "low")) == "too noisy to say"
    assert verdict(contrast("high", "low"), contrast("low", "high")) == "differs"


def test_that_something_does_not_always_hold_needs_one_reversal() -> None:
    found = [
        judged([Finding("claim", "", contrasts, not_everywhere)], MADE, resamples=1_000)[0].verdict
        for contrasts in (
            (contrast("high", "low"), contrast("low", "high")),
            (contrast("high", "low"), contrast("high", "same")),
            (contrast("high", "low"), contrast("same", "low")),
        )
    ]
    assert found == ["agrees", "differs", "too noisy to say"]


def test_what_was_not_measured_gets_no_verdict_and_spoils_no_other() -> None:
    findings = [
        Finding("one", "", (contrast("high", "low"), contrast("high", "absent"))),
        Finding("two", "", (Contrast(Cell("high", "mrr"), Cell("low", "mrr")),)),
        Finding("three", "", (contrast("high", "low"),)),
    ]
    found = judged(findings, MADE, resamples=1_000)
    assert [one.verdict for one in found] == ["not measured", "not measured", "agrees"]
    assert [len(one.tests) for one in found] == [1, 0, 1]


def test_asking_often_makes_the_same_difference_less_sure() -> None:
    rng = np.random.default_rng(4)
    zero = np.zeros(READERS)
    # One in about fifty by chance alone: enough for one question, too little for twenty.
    small = rng.normal(0, 1, READERS)
    small = small - small.mean() + 2.4 * small.std() / np.sqrt(READERS)
    made = {"zero": finished(auc=sample(zero.tolist()))}
    made |= {f"r{n}": finished(auc=sample(np.roll(small, n).tolist())) for n in range(20)}
    contrasts = [contrast(f"r{number}", "zero") for number in range(20)]
    (alone,) = judged([Finding("claim", "", (contrasts[0],))], made, resamples=4_000)
    among = judged([Finding("claim", "", (c,)) for c in contrasts], made, resamples=4_000)
    assert alone.verdict == "agrees"
    assert {one.verdict for one in among} == {"too noisy to say"}


def test_what_is_clear_stays_clear_among_many_questions() -> None:
    """However few resamples a single question needs."""
    rng = np.random.default_rng(5)
    made = {f"r{n}": finished(auc=sample((n + rng.normal(0, 0.01, 12)).tolist())) for n in range(9)}
    contrasts = [contrast(f"r{high}", f"r{low}") for high in range(9) for low in range(high)]
    found = judged([Finding("claim", "", (c,)) for c in contrasts], made, resamples=100)
    assert {one.verdict for one in found} == {"agrees"}
    assert max(test.p for one in found for test in one.tests) < 0.01


def test_cells_of_other_impressions_are_not_compared() -> None:
    made = {"a": finished(auc=sample([1, 0, 1])), "b": finished(auc=sample([1, 0, 1], [0, 1, 3]))}
    with pytest.raises(ValueError, match="not measured on the same units"):
        judged([Finding("claim", "", (contrast("a", "b"),))], made)

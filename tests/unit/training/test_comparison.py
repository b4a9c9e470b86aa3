"""Paired differences: what chance can make of them, and what it cannot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import log_of, seen
from training.data.impressions import ImpressionLog
from training.evaluation import comparison
from training.evaluation.comparison import by_impression, by_reader, compare, holm
from training.evaluation.report import Report, evaluate_scores

SHOWN = {"a": 1, "b": 0}


def log_of_readers(*users: str) -> ImpressionLog:
    return log_of(*(seen(SHOWN, user=user) for user in users))


def reported(values: list[float]) -> Report:
    """A report whose only metric has these values."""
    count = len(values)
    return Report({"auc": np.array(values)}, np.arange(count), count, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.floats(-1, 1), st.floats(-1, 1)), min_size=1))
def test_nothing_differs_from_itself(rows: list[tuple[str, float, float]]) -> None:
    users, *scores = zip(*rows, strict=True)
    log = log_of_readers(*users)
    report = evaluate_scores(log, np.array(scores).T.ravel())
    for difference in compare(report, report, log, resamples=20).values():
        assert (difference.mean, difference.standard_error, difference.p) == (0, 0, 1)
        assert (difference.low, difference.high) == (0, 0)


def test_the_difference_is_the_mean_of_ours_minus_theirs() -> None:
    log = log_of_readers("u", "u", "v")
    ours, theirs = reported([0.5, 1.0, 0.75]), reported([0.0, 0.75, 0.75])
    found = compare(ours, theirs, log)["auc"]
    assert found.mean == pytest.approx(0.25)
    assert (found.impressions, found.units) == (3, 2)
    # Of two readers' means 0.375 (of two impressions) and 0: both of one, or one of each.
    assert (found.low, found.high) == pytest.approx((0, 0.375))
    assert found.p == pytest.approx(0.5, abs=0.05)


def test_of_single_impressions_it_is_the_paired_standard_error() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0.05, 1, 400)
    log = log_of_readers(*map(str, range(400)))
    found = compare(reported(values.tolist()), reported([0.0] * 400), log)["auc"]
    error = values.std(ddof=1) / 20
    assert found.standard_error == pytest.approx(error, rel=0.03)
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)


def test_readers_who_come_again_make_it_less_sure() -> None:
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(0.1, 1, 50), 8)
    log = log_of_readers(*np.repeat(np.arange(50), 8).astype(str))
    reports = reported(values.tolist()), reported([0.0] * 400)
    clustered, single = (compare(*reports, log, u)["auc"] for u in (by_reader, by_impression))
    assert clustered.standard_error == pytest.approx(single.standard_error * 8**0.5, rel=0.1)
    assert (clustered.units, single.units) == (50, 400)
    assert clustered.p > single.p
    assert compare(*reports, log) == {"auc": clustered}


def test_what_chance_never_makes_has_the_least_p() -> None:
    log = log_of_readers(*"abcdefgh")
    found = compare(reported([1.0] * 8), reported([0.5] * 8), log)["auc"]
    assert found.p == pytest.approx(2 / 10_001)


def test_the_seed_decides_and_every_resample_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of_readers(*"abcdefgh")
    reports = reported(list(np.linspace(-0.4, 1, 8))), reported([0.0] * 8)
    assert compare(*reports, log, seed=1) == compare(*reports, log, seed=1)
    assert compare(*reports, log, seed=1) != compare(*reports, log, seed=2)
    monkeypatch.setattr(comparison, "DRAWN_AT_ONCE", 30)
    (found,) = compare(*reports, log, resamples=10).values()
    assert 2 / 11 <= found.p <= 1


def test_only_reports_on_the_same_impressions_are_compared() -> None:
    log = log_of(seen({"a": 1, "b": 0}), seen({"a": 1}), seen({"a": 0, "b": 1}))
    ours = evaluate_scores(log, np.zeros(5))
    fewer = log.take(np.array([0, 1]))
    with pytest.raises(ValueError, match="different impressions"):
        compare(ours, evaluate_scores(fewer, np.zeros(3)), log)
    with pytest.raises(ValueError, match="not on this log"):
        compare(ours, ours, fewer)


def test_holm_by_hand() -> None:
    adjusted = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.6})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert adjusted == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.6})
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_holm_keeps_the_order_and_never_lowers(p_values: dict[str, float]) -> None:
    adjusted = holm(p_values)
    names = sorted(p_values, key=p_values.__getitem__)
    in_order = [adjusted[name] for name in names]
    assert in_order == sorted(in_order)
    assert all(p_values[name] <= adjusted[name] <= 1 for name in names)
    assert adjusted[names[0]] == min(1, p_values[names[0]] * len(names))

"""The baselines by themselves, on logs with and without anything known of the news."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.training.real_data import sample
from tests.unit.training.small_logs import log_of, seen
from tests.unit.training.test_pages import Page
from training.cli import main
from training.data.impressions import ImpressionLog
from training.errors import Leak, NotWritable
from training.evaluation.baseline_report import (
    BaselineReport,
    as_html,
    as_json,
    report_of_baselines,
    write_baselines,
)
from training.evaluation.baselines import baseline_scores
from training.evaluation.report import evaluate_scores


def small_log(**columns: dict[str, str]) -> ImpressionLog:
    """Two days of six readers, who have clicked from nothing to five times before."""
    shown = ({"a": 1, "b": 0, "c": 0}, {"a": 0, "b": 1, "c": 0})
    return log_of(
        *(
            seen(shown[n % 2], user=f"u{n}", history=["a"] * n, hours=24 * day + n)
            for day in range(2)
            for n in range(6)
        ),
        **columns,
    )


@pytest.fixture(scope="module")
def report() -> BaselineReport:
    return report_of_baselines(small_log(), "a <log>")


def test_each_baseline_is_what_its_scores_are(report: BaselineReport) -> None:
    scores = baseline_scores(small_log())
    assert set(report.systems) == {"random", "popularity", "recency"}
    for name, found in report.systems.items():
        assert found.estimates == evaluate_scores(small_log(), scores[name]).estimates


def test_categories_are_counted_where_the_news_state_them() -> None:
    report = report_of_baselines(small_log(category={"a": "sports"}), "a log")
    assert "category_count" in report.systems
    assert report.facts["categories"] == "as the news state them"


def test_groups_are_fifths_of_readers_and_days(report: BaselineReport) -> None:
    assert report.facts["categories"] == "not stated: not counted"
    days = report.groups["day"]["popularity"]
    assert {day: cells["auc"].count for day, cells in days.items()} == {
        "2019-11-13": 6,
        "2019-11-14": 6,
    }
    fifths = report.groups["history"]["recency"]
    assert [name[0] for name in fifths] == ["1", "2", "3", "4", "5"]
    whole = report.systems["popularity"].estimates["auc"]
    assert sum(6 * cells["auc"].mean for cells in days.values()) == pytest.approx(12 * whole.mean)


def test_the_page_and_the_file_hold_all_of_it(report: BaselineReport, tmp_path: Path) -> None:
    write_baselines(tmp_path / "new", report)
    written = json.loads((tmp_path / "new" / "report.json").read_text("utf-8"))
    assert written == json.loads(json.dumps(as_json(report), allow_nan=False))
    assert written["groups"]["day"]["popularity"]["2019-11-14"]["ndcg@10"]["count"] == 6
    page = Page(as_html(report))
    assert page.open == []
    assert {"AUC by day", "nDCG@10 by fifths of readers by their clicks"} <= set(page.texts)
    assert "Baselines on a <log>" in page.texts
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable, match="file cannot be written"):
        write_baselines(tmp_path / "file", report)


def test_a_prior_that_reaches_into_the_log_is_refused() -> None:
    log = small_log()
    with pytest.raises(Leak):
        report_of_baselines(log, "a log", log)


def test_real_clicks_without_any_text_are_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = sample("ebnerd-demo")
    named = ["--data", data / "validation", "--prior", data / "train", "--report", tmp_path]
    monkeypatch.setattr(sys, "argv", ["", "baselines", *map(str, named)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert "categories: not stated: not counted" in capsys.readouterr().out
    written = json.loads((tmp_path / "report.json").read_text("utf-8"))
    auc = {name: one["metrics"]["auc"] for name, one in written["systems"].items()}
    assert auc["popularity"]["mean"] > 0.6
    assert auc["random"]["mean"] == pytest.approx(0.5, abs=5 * auc["random"]["standard_error"])
    assert len(written["groups"]["day"]["popularity"]) == 8
    assert len(written["groups"]["history"]["popularity"]) == 5

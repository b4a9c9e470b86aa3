"""The grid by its command and on real data: long runs."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.real_data import sample
from tests.unit.training.studies.lm_grids import FAST
from training import minilm
from training.cli import main
from training.studies.costs import COST
from training.studies.names import built
from training.studies.parallel import THREADS, Pool, run_at_once
from training.studies.plan import plan
from training.studies.running import Results, run
from training.studies.study import Study


def origin(data: Path, **encoders: Path) -> Callable[[], Study]:
    named = tuple(f"encoders.{name}={folder}" for name, folder in encoders.items())
    return partial(built, "lm-grid", (data,), (*FAST, *named), "small")


@pytest.mark.slow
def test_two_jobs_measure_what_one_measures_to_the_last_bit(
    data: Path, tiny_bert: Path, tiny_llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(THREADS, "1")
    again = origin(data, bert=tiny_bert, llama=tiny_llama)
    study = again()
    chosen = ["naml-words-tuned", "lstur-bert-top1", "nrms-llama-two-step"]

    def made(folder: Path, jobs: int) -> Results:
        steps = plan(study, folder, chosen)
        if jobs == 1:
            return run(study, steps, folder)
        return run_at_once(Pool(again, jobs), study, steps, folder)

    one, two = made(tmp_path / "one", 1), made(tmp_path / "two", 2)
    assert one.failed == two.failed == {}
    assert one.finished.keys() == two.finished.keys()
    for name, finished in one.finished.items():
        there = two.finished[name].measured
        assert there.facts == finished.measured.facts
        for column, expected in finished.measured.samples.items():
            assert np.array_equal(there.samples[column].values_I, expected.values_I)


@pytest.mark.slow
def test_the_whole_study_ends_in_tables_and_plots(
    data: Path,
    tiny_bert: Path,
    tiny_llama: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = (*FAST, f"encoders.bert={tiny_bert}", f"encoders.llama={tiny_llama}")
    changes = [part for change in settings for part in ("--set", change)]
    report, work = tmp_path / "report", tmp_path / "work"
    arguments = ["lm-grid", "--data", str(data), *changes, "--work", str(work)]
    monkeypatch.setattr(sys, "argv", ["", "study", *arguments, "--report", str(report)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    written = json.loads((report / "results.json").read_text("utf-8"))
    assert {row["state"] for row in written["rows"].values()} == {"finished"}
    assert len(written["rows"]) == 31
    assert "not measured" not in {one["verdict"] for one in written["findings"]}
    assert len(written["plots"]) == 4
    assert "<script" not in (report / "results.html").read_text("utf-8")


@pytest.mark.slow
def test_on_the_real_sample_rows_learn_and_are_measured(tmp_path: Path) -> None:
    data = sample("mind-sample").parent
    again = partial(built, "lm-grid", (data,), (f"encoders.minilm={minilm.folder()}",), "small")
    study = again()
    chosen = ["late-fusion-minilm", "nrms-words-frozen", "nrms-minilm-top2"]
    results = run(study, plan(study, tmp_path, chosen), tmp_path)
    assert results.failed == {}
    made = {name: one.measured for name, one in results.finished.items() if name != "vectors"}
    fused, words, tuned = (made[name] for name in chosen)
    assert fused.samples["auc"].estimate.mean > 0.55
    assert tuned.samples["auc"].estimate.count == fused.samples["auc"].estimate.count <= 500
    assert tuned.figures[f"{COST}trained"] > words.figures[f"{COST}trained"]
    assert words.figures[f"{COST}speed"] > tuned.figures[f"{COST}speed"]
    assert {f"day/2019-11-{day}/auc" for day in (12, 13)} < set(tuned.samples)

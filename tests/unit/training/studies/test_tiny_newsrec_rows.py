"""Tiny-NewsRec's rows over a tiny encoder with random weights: made, kept, cut off and taken up."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.unit.training.studies.newsrec import built, tiny
from training import loop
from training.compression.teachers import ensemble_scores
from training.evaluation.report import evaluate_scores
from training.examples import Examples
from training.loop import Run
from training.studies.claiming import CLAIM
from training.studies.clicks import METRICS
from training.studies.efficiency import MEGABYTES, MILLIONS, SPEED, Efficiency
from training.studies.plan import plan
from training.studies.report import as_html
from training.studies.running import Results, run
from training.studies.study import Study
from training.studies.tiny_newsrec import systems
from training.studies.tiny_newsrec.setup import Paths, Setup
from training.studies.tiny_newsrec.systems import SCORES, WEIGHTS, kept_scores
from training.studies.tiny_newsrec.teachers import copies, fine_tuned

ROWS: Final = (
    "ensemble-teacher",
    "tiny-newsrec-1",
    "without-stage-two",
    "without-post-training",
    "tinybert-1",
    "mt-bert-1",
    "teachers-1",
    "tapt",
)
STEPS: Final = 5
"""Of an epoch: 36 clicks, eight at a time."""
ALSO: Final = {"post-trained", "teacher-1", "dp", "student-1", "ft"}
"""What these need."""


@dataclass(frozen=True)
class Work:
    """A study, the folder in which rows of it were made, and what came of them."""

    study: Study
    folder: Path
    results: Results


@pytest.fixture(scope="module", autouse=True)
def unclocked() -> Iterator[None]:
    """Figures from nowhere: an export for each row would take most of the time here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(systems, "efficiency", lambda trained, texts: Efficiency(10**6, 10**7, 50.0))
        yield


@pytest.fixture(scope="module")
def work(data: Path, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Work:
    study, folder = built(data, tiny(tiny_bert)), tmp_path_factory.mktemp("work")
    return Work(study, folder, run(study, plan(study, folder, ROWS), folder))


@pytest.fixture(scope="module")
def setup(data: Path, tiny_bert: Path) -> Setup:
    settings = tiny(tiny_bert)
    return Setup(settings, tiny_bert, 2, Paths.of([data], settings.data))


def test_rows_are_made_with_those_that_they_need_and_no_others(work: Work) -> None:
    assert work.results.failed == {}
    assert set(work.results.finished) == {*ROWS, *ALSO}


def test_all_are_measured_on_the_same_impressions(work: Work) -> None:
    measured = {name: one.measured for name, one in work.results.finished.items()}
    unmeasured = {name for name, one in measured.items() if not one.samples}
    assert unmeasured == {"post-trained", "student-1"}
    columns = {column.name for column in work.study.columns}
    for name in measured.keys() - unmeasured:
        one = measured[name]
        assert set(one.samples) == set(METRICS)
        assert {*one.samples, *one.figures} == columns
        units = measured["dp"].samples["auc"].unit_I
        assert all(np.array_equal(sample.unit_I, units) for sample in one.samples.values())


def test_different_ways_to_learn_give_different_recommenders(work: Work) -> None:
    students = [name for name in ROWS if name.endswith("-1")] + ["without-stage-two"]
    values = {
        work.results.finished[name].measured.facts["losses"]
        for name in (*students, "ft", "dp", "teacher-1", "tapt", "without-post-training")
    }
    assert len(values) == 10


def test_the_ensemble_is_the_mean_of_what_its_teachers_say(work: Work, setup: Setup) -> None:
    finished = work.results.finished
    teachers = fine_tuned(setup, finished, 2)
    report = evaluate_scores(setup.test, ensemble_scores(teachers, setup.test))
    ensemble = finished["ensemble-teacher"].measured
    for metric in METRICS:
        found_I = ensemble.samples[metric].values_I
        np.testing.assert_allclose(found_I, report.values[metric], atol=1e-6)
    assert ensemble.figures == {MILLIONS: 2, MEGABYTES: 20, SPEED: 25}


def test_a_teacher_that_is_taken_up_again_says_what_it_said(work: Work, setup: Setup) -> None:
    finished = work.results.finished
    for count_, names in ((1, ["dp"]), (2, ["teacher-1", "dp"])):
        teachers = fine_tuned(setup, finished, count_)
        for teacher, name in zip(teachers, names, strict=True):
            scores_S = ensemble_scores([teacher], setup.test)
            np.testing.assert_allclose(scores_S, kept_scores(finished[name]), atol=1e-5)
    newest = copies(setup, finished)[-1]
    assert newest.name == "0000003"  # of three steps, each of which left one
    assert fine_tuned(setup, finished, 1)[0].recipe.text.encoder.folder == newest  # type: ignore[union-attr]


def test_a_finished_row_keeps_what_others_begin_with_and_nothing_else(work: Work) -> None:
    def left(row: str) -> set[str]:
        files = {path.name for path in work.results.finished[row].folder.iterdir()}
        return files - {"row.json", "samples.npz", "log.jsonl", CLAIM}

    assert left("post-trained") == {"copies"}
    assert left("student-1") == {"student"}
    assert left("dp") == left("ft") == {WEIGHTS, SCORES}
    for row in ("tiny-newsrec-1", "teachers-1", "tapt", "tinybert-1", "ensemble-teacher"):
        assert left(row) == set()


def test_what_is_finished_is_not_made_again(
    data: Path, tiny_bert: Path, work: Work, tmp_path: Path
) -> None:
    written = {
        path: path.stat().st_mtime_ns
        for one in work.results.finished.values()
        for path in one.folder.rglob("*")
    }
    study = built(data, tiny(tiny_bert, "newsbert.momentum=0.2", "masking.share=0.2"))
    names = [name for name in ROWS if name != "tapt"]
    again = run(study, plan(study, work.folder, names), work.folder)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert "tapt" not in again.finished  # it has another setting now


def test_teachers_read_once_for_all_students(work: Work) -> None:
    """Two copies' titles and bodies, and the news of two teachers and of the base, fine-tuned."""
    kinds = [path.name.partition("-")[0] for path in (work.folder / "cache").glob("*.npy")]
    assert {kind: kinds.count(kind) for kind in ("titles", "bodies", "news")} == {
        "titles": 2,
        "bodies": 2,
        "news": 3,
    }


def test_a_row_that_is_cut_off_goes_on_to_the_same_end(
    data: Path, tiny_bert: Path, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Stage II's second epoch, after a Stage I of its own."""
    study = built(data, tiny(tiny_bert, "clicks.training.epochs=2"))
    whole = run(study, plan(study, work.folder, ["teachers-1"]), work.folder).finished
    run(study, plan(study, tmp_path, ["dp"]), tmp_path)
    step, steps = Run._step, count()
    monkeypatch.setattr(loop, "CHECKPOINT_STEPS", 2)

    def breaking(self: Run, examples: Examples) -> float:
        if next(steps) == STEPS + 2:
            raise KeyboardInterrupt
        return step(self, examples)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_step", breaking)
        with pytest.raises(KeyboardInterrupt):
            run(study, plan(study, tmp_path, ["teachers-1"]), tmp_path)
    calls: list[int] = []
    monkeypatch.setattr(Run, "_step", lambda self, some: calls.append(1) or step(self, some))
    found = run(study, plan(study, tmp_path, ["teachers-1"]), tmp_path).finished["teachers-1"]
    assert found.measured.facts["losses"] == whole["teachers-1"].measured.facts["losses"]
    for metric in METRICS:
        expected_I = whole["teachers-1"].measured.samples[metric].values_I
        np.testing.assert_allclose(found.measured.samples[metric].values_I, expected_I, atol=1e-6)
    assert len(calls) == STEPS - 2


def test_the_page_shows_what_is_gained_for_what(work: Work) -> None:
    page = as_html(work.results, [])
    assert "<h2>Quality against cost</h2>" in page
    assert "milliseconds a text, one CPU thread" in page
    assert "paper: whose numbers" in page

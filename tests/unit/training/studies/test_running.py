"""Rows that fail, and those that go on."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.training.studies.toys import counting, failing, row, sample, study_of
from training.errors import NotWritable
from training.studies.finished import read
from training.studies.plan import plan
from training.studies.running import run
from training.studies.study import Finished, Made, Measured


def test_a_failing_row_takes_those_with_it_that_need_it_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = row("b", ["a"], make=failing("the data are wrong"))
    study = study_of(row("a"), broken, row("c", ["b"]), row("d", ["c"]), row("e", ["a"]))
    results = run(study, plan(study, tmp_path), tmp_path)
    assert list(results.finished) == ["a", "e"]
    assert results.failed == {
        "b": "the data are wrong",
        "c": "needs b, which failed",
        "d": "needs c, which failed",
    }
    assert "b failed: the data are wrong" in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_taken_for_a_failed_row(tmp_path: Path) -> None:
    def mistaken(folder: Path, made: Mapping[str, Finished]) -> Measured:
        raise AttributeError("ours")

    study = study_of(row("a"), row("b", make=mistaken))
    with pytest.raises(AttributeError):
        run(study, plan(study, tmp_path), tmp_path)
    assert [bool(step.finished) for step in plan(study, tmp_path)] == [True, False]


def test_what_a_study_works_out_of_its_rows_is_shown_of_earlier_ones_too(tmp_path: Path) -> None:
    def shown(rows: Made) -> Made:
        more = {
            name: {**one.measured.samples, "twice": sample([2.0])} for name, one in rows.items()
        }
        return {n: replace(one, measured=Measured(more[n])) for n, one in rows.items()}

    before = study_of(row("a"), row("b", ["a"]))
    assert set(run(before, plan(before, tmp_path), tmp_path).finished["a"].measured.samples) == {
        "auc"
    }
    study = study_of(row("a"), row("b", ["a"]), shown=shown)
    results = run(study, plan(study, tmp_path, ["b"]), tmp_path)
    for one in results.finished.values():
        assert set(one.measured.samples) == {"auc", "twice"}
        kept = read(one.folder)
        assert kept is not None
        assert set(kept.measured.samples) == {"auc"}


def test_a_row_is_given_those_that_it_needs_and_their_folders(tmp_path: Path) -> None:
    def first(folder: Path, made: Mapping[str, Finished]) -> Measured:
        (folder / "weights").write_text("as they were")
        return Measured({}, {"worth": 3})

    def second(folder: Path, made: Mapping[str, Finished]) -> Measured:
        text = (made["a"].folder / "weights").read_text()
        return Measured({}, {"found": text, "worth": made["a"].measured.facts["worth"]})

    study = study_of(row("a", make=first), row("b", ["a"], make=second))
    run(study, plan(study, tmp_path, ["a"]), tmp_path)
    results = run(study, plan(study, tmp_path, ["b"]), tmp_path)  # a comes from the disk
    assert results.finished["b"].measured.facts == {"found": "as they were", "worth": 3}


def test_rows_that_were_made_before_stand_beside_those_that_were_chosen(tmp_path: Path) -> None:
    done: list[str] = []
    study = study_of(*(row(name, make=counting(done, name)) for name in "abc"))
    run(study, plan(study, tmp_path, ["a"]), tmp_path)
    results = run(study, plan(study, tmp_path, ["c"]), tmp_path)
    assert sorted(results.finished) == ["a", "c"]
    assert done == ["a", "c"]


def test_a_work_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    study = study_of(row("a"))
    with pytest.raises(NotWritable, match="file cannot be written"):
        run(study, plan(study, tmp_path / "work"), tmp_path / "file")

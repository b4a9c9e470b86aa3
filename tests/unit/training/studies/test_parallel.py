"""Rows that are made at once, each in a process of its own, and claims that keep them apart."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.unit.training.studies.toys import failing, row, sample, study_of
from training.studies.claiming import claimed
from training.studies.parallel import DEVICES, THREADS, Pool, run_at_once
from training.studies.plan import plan
from training.studies.running import attempt, run
from training.studies.study import Finished, Measured, Study

PATIENCE = 60.0


def several() -> Study:
    """Rows that need each other, and fail."""
    return study_of(
        row("a"),
        row("bb", ["a"]),
        row("ccc", make=failing("the data are wrong")),
        row("dddd", ["ccc"]),
        row("eeeee", ["a", "bb"]),
    )


def telling() -> Study:
    """Rows that tell what they find set, and who makes them."""

    def told(folder: Path, made: Mapping[str, Finished]) -> Measured:
        return Measured({}, {name: os.environ.get(name) for name in (THREADS, DEVICES)})

    return study_of(row("a", make=told), row("b", make=told))


def dying() -> Study:
    """A row whose process is killed, and another one."""

    def killed(folder: Path, made: Mapping[str, Finished]) -> Measured:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return study_of(row("a", make=killed), row("bb"), row("ccc", ["a"]))


def meeting() -> Study:
    """Two rows, each of which waits until the other is being made, too."""

    def met(folder: Path, made: Mapping[str, Finished]) -> Measured:
        until = time.monotonic() + PATIENCE
        while len(list(folder.parent.glob("*/claim"))) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        return Measured({"auc": sample([1.0])})

    return study_of(row("a", make=met), row("b", make=met))


def test_two_jobs_make_what_one_makes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    study = several()
    one = run(study, plan(study, tmp_path / "one"), tmp_path / "one")
    steps = plan(study, tmp_path / "two")
    two = run_at_once(Pool(several, 2), study, steps, tmp_path / "two")
    assert (
        two.failed
        == one.failed
        == {
            "ccc": "the data are wrong",
            "dddd": "needs ccc, which failed",
        }
    )
    assert two.finished.keys() == one.finished.keys() == {"a", "bb", "eeeee"}
    for name, finished in one.finished.items():
        there = two.finished[name].measured
        assert there.facts == finished.measured.facts
        assert there.samples["auc"].estimate == finished.measured.samples["auc"].estimate
    assert "ccc failed: the data are wrong" in capfd.readouterr().err


def test_jobs_run_at_the_same_time(tmp_path: Path) -> None:
    study = meeting()
    results = run_at_once(Pool(meeting, 2), study, plan(study, tmp_path), tmp_path)
    assert set(results.finished) == {"a", "b"}


def test_each_job_has_a_gpu_and_its_share_of_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    study = telling()
    pool = Pool(telling, 2, ["3", "5"])
    results = run_at_once(pool, study, plan(study, tmp_path), tmp_path)
    found = [results.finished[name].measured.facts for name in "ab"]
    assert [facts[THREADS] for facts in found] == ["3", "3"]
    assert {str(facts[DEVICES]) for facts in found} == {"3", "5"}
    assert DEVICES not in os.environ


def test_a_process_that_is_killed_takes_its_own_row_with_it(tmp_path: Path) -> None:
    study = dying()
    results = run_at_once(Pool(dying, 2), study, plan(study, tmp_path), tmp_path)
    assert set(results.finished) == {"bb"}
    assert "status -9, killed" in results.failed["a"]
    assert results.failed["ccc"] == "needs a, which failed"


def test_a_row_that_another_process_makes_is_left_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    holding = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holding, str(folder / "claim")]
    with Popen(command, stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert attempt(row("a"), folder, {}) is None
        other.kill()
    assert isinstance(attempt(row("a"), folder, {}), Finished)  # its claim died with it


def test_a_claim_ends_with_its_block(tmp_path: Path) -> None:
    with claimed(tmp_path) as ours, claimed(tmp_path) as theirs:
        assert (ours, theirs) == (True, False)
    with claimed(tmp_path) as again:
        assert again


def test_a_row_that_was_finished_meanwhile_is_taken_from_the_disk(tmp_path: Path) -> None:
    study = study_of(row("a"))
    before = plan(study, tmp_path)
    first = run(study, before, tmp_path)
    again = run(study, before, tmp_path)  # by a plan of before
    assert again.finished["a"].day == first.finished["a"].day
    broken = study_of(row("a", make=failing("made again")))
    assert run(broken, before, tmp_path).failed == {}

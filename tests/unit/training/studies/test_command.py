"""``newsstand-train study``, as people use it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from training.cli import main
from training.errors import UnreadableData
from training.studies.names import NAMES, within

Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs the command in this process, its folders in one of the test's own; its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["newsstand-train", "study", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    return run


def nase(data: Path, encoder: Path, *changes: str) -> list[str | Path]:
    changes = (f"encoder={encoder}", "measuring.centring=20", "measuring.sentences=4", *changes)
    settings = [part for change in changes for part in ("--set", change)]
    return ["nase", "--data", data, *settings]


def test_show_prints_the_plan_and_writes_nothing(
    command: Command,
    data: Path,
    tiny_bert: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(*nase(data, tiny_bert), "--row", "dae-to-mt", "--show") == 0
    printed = capsys.readouterr().out
    assert printed.index("DAE, frozen") < printed.index("DAE→MT, frozen")
    assert "to go" in printed
    assert "NRMS over" not in printed
    assert '"objective": "dae"' in printed  # the settings, by which they can be changed
    assert list(tmp_path.iterdir()) == []


def test_the_settings_are_shown_before_anything_is_asked_for(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        assert command(name, "--show") == 1
        shown = capsys.readouterr()
        assert json.loads(shown.out)["data"]["test"] == "mind-sample/dev"
        assert "encoder" in shown.err


def test_data_may_lie_anywhere(data: Path, tmp_path: Path) -> None:
    assert within([], str(data / "ntrex-128")) == data / "ntrex-128"
    assert within([tmp_path], str(data)) == data
    with pytest.raises(UnreadableData, match=r"no ntrex-128 in any folder: none was named"):
        within([], "ntrex-128")


def test_a_row_is_made_reported_and_then_shown_as_done(
    command: Command,
    data: Path,
    tiny_bert: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [*nase(data, tiny_bert), "--row", "base", "--work", "work"]
    assert command(*arguments, "--report", "report") == 0
    printed = capsys.readouterr().out
    assert "about 4 min to go" in printed
    assert "not measured: DAE on news makes the encoder recommend better in zh" in printed
    figures = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    assert figures["rows"]["base"]["state"] == "finished"
    assert figures["rows"]["mt"]["state"] == "not run"
    assert figures["paper"]["numbers"] == {}
    assert "<svg" not in (tmp_path / "report" / "results.html").read_text("utf-8")  # of one row
    assert command(*arguments, "--show") == 0
    assert "nothing is left to do" in capsys.readouterr().out


def test_a_row_that_fails_ends_in_status_1_with_a_report(
    command: Command,
    data: Path,
    tiny_bert: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = ["--row", "dae-to-mt", "--row", "base", "--report", "report"]
    assert command(*nase(data, tiny_bert, "adaptation.least_texts=9000"), *chosen) == 1
    assert "dae failed: no language has 9000 texts" in capsys.readouterr().err
    rows = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))["rows"]
    assert rows["dae-to-mt"]["why"] == "needs dae, which failed"
    assert rows["base"]["state"] == "finished"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "there is no study 'nothing': lm-grid, mtrec, nase"),
        (["nase"], "encoder: say --set encoder=FOLDER"),
        (["nase", "--set", "encoder=TINY"], "no mind-sample/train in any folder: none was named"),
        (["nase", "--set", "adaptation.step=3"], "adaptation.step: there is no step"),
        (["nase", "--row", "x", "--data", "DATA", "--set", "encoder=TINY"], "has no row x: base"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    command: Command,
    data: Path,
    tiny_bert: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = {"DATA": str(data), "encoder=TINY": f"encoder={tiny_bert}"}
    assert command(*(named.get(one, one) for one in arguments)) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_the_whole_study_ends_in_a_table(
    command: Command, data: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    steps = ("adaptation.steps=3", "adaptation.decoder_steps=2", "adaptation.checkpoint_steps=2")
    few = (*steps, "adaptation.least_texts=1")
    fast = ("recommenders.epochs=1", "recommenders.few=4")
    arguments = nase(data, tiny_bert, *few, *fast)
    assert command(*arguments, "--report", "report") == 0
    written = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    assert {row["state"] for row in written["rows"].values()} == {"finished"}
    assert len(written["rows"]) == 30
    measured = [row["columns"]["zh/auc"]["count"] for row in written["rows"].values()]
    assert len(set(measured)) == 1
    assert "not measured" not in {one["verdict"] for one in written["findings"]}
    assert "<svg" in (tmp_path / "report" / "results.html").read_text("utf-8")
    best = written["rows"]["best"]["facts"]["variant"]
    assert written["rows"]["best"]["columns"] == written["rows"][best]["columns"]
    assert command(*arguments, "--report", "again") == 0  # in a moment: nothing is made again
    again = json.loads((tmp_path / "again" / "results.json").read_text("utf-8"))
    assert again == written

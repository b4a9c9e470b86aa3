"""``newsstand-train`` as people run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_store.store import DEFAULT_ARTEFACT
from tests.shipped import REFERENCE
from training.cli import main
from training.export.sample_texts import SAMPLE_TITLES

HEAVY = "import sys; assert not {'torch', 'transformers', 'onnxruntime'} & set(sys.modules)"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The command in this process; returns its exit status."""
    monkeypatch.setattr(sys, "argv", ["newsstand-train", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A little log in MIND's format: two readers, one without a history, one who clicked all."""
    rows = [
        f"N{n}\tnews\tworld\t{title}\t\thttps://n/{n}\t[]\t[]"
        for n, title in enumerate(SAMPLE_TITLES[1:40:4])
    ]
    (tmp_path / "news.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    seen = [
        "1\tU1\t11/13/2019 8:36:57 AM\tN0 N1\tN2-0 N3-1",
        "2\tU2\t11/13/2019 8:36:58 AM\t\tN2-0 N3-1",
        "3\tU3\t11/13/2019 8:36:59 AM\tN4\tN5-1 N6-1",
    ]
    (tmp_path / "behaviors.tsv").write_text("\n".join(seen) + "\n", encoding="utf-8")
    return tmp_path


def test_help_does_not_wait_for_torch() -> None:
    subprocess.run([sys.executable, "-c", f"import training.cli; {HEAVY}"], check=True)


def test_evaluate_prints_and_writes_the_figures(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    log: Path,
    tmp_path: Path,
) -> None:
    arguments = (DEFAULT_ARTEFACT, "--data", log)
    assert run(monkeypatch, "evaluate", *arguments, "--json", tmp_path / "figures.json") == 0
    printed = capsys.readouterr().out
    assert "ndcg@10" in printed
    assert "1 with an empty history" in printed
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["model"] == REFERENCE
    assert (figures["precision"], figures["history_length"]) == ("int8", 50)
    assert (figures["impressions"], figures["single_class"], figures["empty_history"]) == (3, 1, 1)
    assert figures["metrics"]["auc"]["count"] == 2


def test_news_may_come_from_another_folder(
    monkeypatch: pytest.MonkeyPatch, log: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (log / "news.tsv").rename(elsewhere / "news.tsv")
    arguments = (DEFAULT_ARTEFACT, "--data", log, "--precision", "int8", "--news", elsewhere)
    assert run(monkeypatch, "evaluate", *arguments) == 0


def test_a_precision_that_the_artefact_lacks_is_named_with_those_that_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], log: Path
) -> None:
    arguments = (DEFAULT_ARTEFACT, "--data", log, "--precision", "fp16")
    assert run(monkeypatch, "evaluate", *arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("has no fp16 encoder, only int8")


def test_an_error_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    log: Path,
) -> None:
    with (log / "behaviors.tsv").open("a", encoding="utf-8") as file:
        file.write("4\tU1\t11/13/2019 8:36:57 AM\tN0 N1\tN99-0 N3-1\n")
    assert run(monkeypatch, "evaluate", DEFAULT_ARTEFACT, "--data", log) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("newsstand-train: ")
    assert line.endswith(
        "behaviors.tsv:4: expected candidates that the news files hold, found unknown N99"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("evaluate", "nothing", "--data", "."), "there is no nothing@production"),
        (("export", ".", "--name", "x", "--no-centring"), "it has no config.json"),
    ],
)
def test_what_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    assert run(monkeypatch, *arguments, "--store", tmp_path) == 1
    assert said in capsys.readouterr().err


def test_centring_is_not_left_out_by_accident(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "export", ".", "--name", "x", "--store", tmp_path) == 2
    assert "--no-centring" in capsys.readouterr().err


def test_export_says_what_it_made_and_promotes_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_bert: Path,
    titles_file: Path,
    tmp_path: Path,
) -> None:
    arguments = (tiny_bert, "--store", tmp_path, "--name", "tiny", "--centring-texts", titles_file)
    assert run(monkeypatch, "export", *arguments, "--precision", "fp32", "--promote") == 0
    printed = capsys.readouterr()
    assert "tiny@1 is in" in printed.out
    assert "tiny@production is now tiny@1" in printed.out
    assert "int8" not in printed.out
    assert printed.err == ""

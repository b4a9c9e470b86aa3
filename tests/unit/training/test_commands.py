"""``newsstand-train run``, ``data`` and ``evaluate --report``, as people use them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.store import ModelStore
from training.cli import main
from training.export.sample_texts import SAMPLE_TITLES

Command = Callable[..., int]
TITLES = SAMPLE_TITLES[1:120:4]
DAYS = ("11/11/2019", "11/12/2019", "11/13/2019")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in this process; gives its exit status."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["newsstand-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    return run


def write_log(folder: Path, days: tuple[str, ...]) -> Path:
    """Ten impressions a day over our own titles."""
    folder.mkdir()
    rows = [f"N{n}\tnews\tworld\t{t}\t\thttps://n/{n}\t[]\t[]" for n, t in enumerate(TITLES)]
    (folder / "news.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lines = [
        f"{day}-{n}\tU{n}\t{day} 8:{n:02d}:00 AM\tN{n} N{n + 1}\tN{n + 2}-1 N{n + 7}-0 N{n + 9}-0"
        for day in days
        for n in range(10)
    ]
    (folder / "behaviors.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "train", DAYS[:2])


def tiny(folder: Path) -> list[str | Path]:
    """A recipe that trains in a moment."""
    changes = (
        "text.encoder.dimension=12",
        "text.dimension=16",
        "users.heads=4",
        "training.epochs=2",
    )
    settings = [part for change in changes for part in ("--set", change)]
    return ["run", "nrms-words", *settings, "--set", "text.pooling=attention", "--folder", folder]


def test_a_run_ends_in_an_artefact_that_tells_where_it_comes_from(
    command: Command, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    arguments = [*tiny(tmp_path / "runs"), "--data", log, "--store", store, "--name", "mine"]
    assert command(*arguments, "--promote") == 0
    assert "mine@production is mine@1" in capsys.readouterr().out
    manifest = ModelStore.at(store).load("mine").manifest
    assert manifest.scoring.kind == "attention"
    assert manifest.lineage.recipe == "nrms-words"
    assert manifest.lineage.data == {"train": 10, "validation": 10}
    assert manifest.lineage.settings["text"]["dimension"] == 16  # type: ignore[index,call-overload]
    assert {"mean", "standard_error", "count"} == set(manifest.lineage.metrics["auc"])  # type: ignore[arg-type]


def test_the_artefact_is_evaluated_beside_baselines_and_another(
    command: Command, log: Path, tmp_path: Path
) -> None:
    store, later = tmp_path / "store", write_log(tmp_path / "dev", DAYS[2:])
    for name in ("one", "two"):
        arguments = [*tiny(tmp_path / "runs"), "--data", log, "--store", store, "--name", name]
        assert command(*arguments, "--promote") == 0
    report = tmp_path / "report"
    beside = ["--prior", log, "--against", "two", "--report", report]
    assert command("evaluate", "one", "--store", store, "--data", later, *beside) == 0
    figures = json.loads((report / "report.json").read_text())
    systems = ["one@1", "random", "popularity", "recency", "category_count", "two@1"]
    assert sorted(figures["systems"]) == sorted(systems)
    assert figures["comparisons"]["two@1"]["auc"]["mean"] == 0  # the same recipe and seed
    assert "<svg" in (report / "report.html").read_text()


def test_more_layers_than_there_are_are_refused_before_any_step(
    command: Command,
    log: Path,
    tiny_bert: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = ("text.encoder.folder=" + str(tiny_bert), "text.encoder.trained_layers=3")
    changes = [part for change in settings for part in ("--set", change)]
    folder = tmp_path / "runs"
    assert command("run", "additive", *changes, "--folder", folder, "--data", log) == 1
    said = "newsstand-train: 3 layers cannot be trained: the encoder has 2\n"
    assert capsys.readouterr().err == said
    assert list((folder / "additive").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "users.heads=7"], "7 heads do not divide vectors of 16 dimensions"),
        (["--set", "training.epoch=1"], "training.epoch: there is no epoch"),
        (["--set", "training.epochs=-1"], "training.epochs: "),
        (["--set", "training.metric=accuracy"], "training.metric: there is no accuracy"),
        (["--set", "text.template={titel}"], "text.template: Value error, text template names"),
        (["--set", "text.encoder.file=nowhere.txt"], "nowhere.txt cannot be read"),
        (["--validate", "train"], "split by time"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    command: Command,
    log: Path,
    tmp_path: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [str(log) if argument == "train" else argument for argument in arguments]
    assert command(*tiny(tmp_path / "runs"), "--data", log, *arguments) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("newsstand-train: ")
    assert error.count("\n") == 1


def test_a_run_of_other_settings_is_not_gone_on_with(
    command: Command, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*tiny(tmp_path / "runs"), "--data", log]
    assert command(*arguments) == 0
    assert command(*arguments, "--set", "training.learning_rate=0.5") == 1
    assert "holds a run of other settings or data" in capsys.readouterr().err


def test_a_recipe_is_shown_with_its_changes(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*tiny(tmp_path), "--show") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["users"]["heads"] == 4
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(shown))
    assert command("run", file, "--show") == 0
    assert json.loads(capsys.readouterr().out) == shown


def test_bad_lines_are_counted_where_they_may_be_skipped(
    command: Command, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (log / "behaviors.tsv").open("a") as file:
        file.write("21\tU1\t11/12/2019 9:00:00 AM\tN99\tN1-1\n")
    assert command("data", "stats", log) == 1
    assert ":21: expected history that the news files hold, found unknown N99" in (
        capsys.readouterr().err
    )
    assert command("data", "stats", log, "--skip-bad", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["impressions"], list(found["skipped"].values())) == (20, [1])


def test_news_and_texts_alone_are_counted_too(
    command: Command, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("headline,topic\nA bridge opens,city\n")
    translated = tmp_path / "translated" / "news.tsv"
    translated.parent.mkdir()
    translated.write_text("nid\ttitle\tabstract\nN1\tEine Brücke\t\n", encoding="utf-8")
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "deu.txt").write_text("Eine Brücke\nEin Hafen\n", encoding="utf-8")
    for path, news in ((table, 1), (translated, 1), (texts, 2), (log / "news.tsv", len(TITLES))):
        assert command("data", "stats", path, "--json") == 0
        assert json.loads(capsys.readouterr().out)["news"] == news
    assert command("data", "stats", tmp_path / "nowhere" / "news.tsv") == 1
    assert "cannot be read" in capsys.readouterr().err

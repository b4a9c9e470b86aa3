"""``newsstand-train clean``, as people use it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.training.cleaning.sentences import SENTENCES
from training.cli import main
from training.data.polynews import read_parallel, read_texts

Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``clean`` in this process; gives its exit status."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["newsstand-train", "clean", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two lines in each of six languages, the second of them but a number."""
    path = tmp_path / "texts"
    path.mkdir()
    for language, text in SENTENCES.items():
        (path / f"{language}.txt").write_text(f"{text}\n2024\n", encoding="utf-8")
    return path


def test_texts_are_cleaned_and_counted(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder.parent / "out"
    assert command(folder, "--out", out) == 0
    assert dict(read_texts(out).frame.rows()) == SENTENCES
    assert json.loads((out / "report.json").read_text())["dropped"] == {"few letters": 6}
    said = capsys.readouterr().out
    assert f"6 of 12 are in {out}; {out / 'report.json'} says why" in " ".join(said.split())
    assert "few letters" in said


def test_pairs_are_cleaned_from_a_pivot_in_some_languages(command: Command, folder: Path) -> None:
    out = folder.parent / "out"
    some = ("--parallel", "--pivot", "hin_Deva", "--languages", "hin_Deva, tha_Thai,rus_Cyrl")
    assert command(folder, "--out", out, *some) == 0
    hindi = SENTENCES["hin_Deva"]
    assert read_parallel(out).frame.rows() == [
        ("hin_Deva", "rus_Cyrl", hindi, SENTENCES["rus_Cyrl"]),
        ("hin_Deva", "tha_Thai", hindi, SENTENCES["tha_Thai"]),
    ]


def test_what_is_not_known_of_a_language_is_said(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "qqq.txt").write_text("What is this?\n")
    assert command(folder, "--out", folder.parent / "out") == 0
    said = capsys.readouterr().out
    assert "not checked for their script, which is not known: qqq\n" in said
    assert "not checked for their language, which is not known: qqq\n" in said


def test_settings_are_shown_and_nothing_is_done(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder.parent / "out"
    changes = ("--threshold", "0.7", "--no-language-check", "--set", "least_letters=9")
    assert command(folder, "--out", out, *changes, "--show") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["threshold"], shown["language_check"], shown["least_letters"]) == (0.7, False, 9)
    assert not out.exists()


def test_malformed_lines_are_named_or_skipped_and_counted(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps({"language": "eng", "text": SENTENCES["eng_Latn"]})
    (tmp_path / "a.jsonl").write_text(f'{good}\n{{"language": "eng", "text": ""}}\n')
    assert command(tmp_path / "a.jsonl", "--out", tmp_path / "out") == 1
    assert "a.jsonl:2: expected values of language, text" in capsys.readouterr().err
    assert command(tmp_path / "a.jsonl", "--out", tmp_path / "out", "--skip-bad") == 0
    assert "1 malformed lines were skipped" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "out/report.json").read_text())["skipped"].values()) == [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threshold", "1.5"], "threshold: Input should be less than or equal to 1"),
        (["--threshold", "0"], "threshold: Input should be greater than 0"),
        (["--threshold", "nan"], "threshold: Input should be less than or equal to 1"),
        (["--set", "lest_letters=1"], "lest_letters: there is no lest_letters"),
        (["--languages", "eng_Latn,fra_Latn"], "no text is in fra_Latn; there are arb_Arab, eng"),
        (["--parallel", "--pivot", "fra"], "expected fra and other languages, found arb_Arab"),
        (["--parallel", "--languages", "eng_Latn"], "there is no text to clean"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    command: Command,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert command(folder, "--out", folder.parent / "out", *arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("newsstand-train: ")
    assert said in error
    assert error.count("\n") == 1
    assert not (folder.parent / "out").exists()


def test_folders_that_cannot_serve_are_one_line(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = folder.parent / "empty"
    empty.mkdir()
    assert command(empty, "--out", folder.parent / "out") == 1
    assert "empty: expected files such as eng.txt" in capsys.readouterr().err
    assert command(folder, "--out", folder) == 1
    assert "texts is not empty; say another folder\n" in capsys.readouterr().err
    assert command(folder, "--out", folder / "eng_Latn.txt" / "out") == 1
    assert "out cannot be written: Not a directory\n" in capsys.readouterr().err


def test_a_pivot_is_for_pairs(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "--out", folder.parent / "out", "--pivot", "eng_Latn") == 2
    assert "say --parallel" in " ".join(capsys.readouterr().err.split())

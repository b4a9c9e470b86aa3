"""``newsstand-train post-train``, from a table to an encoder's folder."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.training.post_training.tiny_pairs import PAIRS
from training.cli import main
from training.post_training.settings import PostTraining

Command = Callable[..., int]

SMALL = {
    "tower.dimension": 16,
    "tower.title_tokens": 12,
    "tower.body_tokens": 24,
    "negatives": 4,
    "save_steps": 4,
    "copies": 2,
    "learning.batch_size": 8,
}
CHANGES = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in this process; gives its exit status."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["newsstand-train", "post-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    return run


def test_the_settings_can_be_seen_without_anything_to_learn_from(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--show", "--set", "negatives=3") == 0
    shown = json.loads(capsys.readouterr().out)
    assert PostTraining.validated(shown) == PostTraining(negatives=3)


def test_a_table_of_news_ends_in_copies_of_the_encoder(
    command: Command, tiny_bert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "news.jsonl"
    rows = [{"title": pair.title, "body": pair.body} for pair in PAIRS]
    table.write_text("\n".join([*map(json.dumps, rows), '{"body": "no title"}']), encoding="utf-8")
    given = tiny_bert, "--pairs", table, "--work", tmp_path / "run", *CHANGES
    assert command(*given) == 1
    assert "news.jsonl:65: expected a news id and a title" in capsys.readouterr().err
    assert command(*given, "--skip-bad") == 0
    said = capsys.readouterr()
    assert "1 skipped" in said.err
    assert "64 pairs; loss" in said.out
    assert (tmp_path / "run" / "copies" / "0000008" / "config.json").is_file()


def test_what_is_missing_is_said(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 2
    assert "say FOLDER and --pairs" in capsys.readouterr().err

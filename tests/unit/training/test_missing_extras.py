"""``newsstand-train`` where ``newsstand[training]`` is not installed."""

import tomllib
from pathlib import Path

import pytest

from tests.unit.bare_install import REPOSITORY, run_without
from training.cli import TRAINING_EXTRA

EXPORT = ("export", ".", "--name", "x", "--no-centring")
EVALUATE = ("evaluate", "x", "--data", ".")


@pytest.mark.parametrize(
    ("missing", "arguments", "named"),
    [
        (TRAINING_EXTRA, EVALUATE, "polars"),
        (["onnxruntime"], EVALUATE, "onnxruntime"),
        (["torch"], EXPORT, "torch"),
        (["transformers"], EXPORT, "transformers"),
        (["onnx"], EXPORT, "onnx"),
    ],
)
def test_a_missing_package_is_one_line_that_names_the_extra(
    tmp_path: Path, missing: list[str], arguments: tuple[str, ...], named: str
) -> None:
    done = run_without(missing, "training.cli", *arguments, "--store", tmp_path)
    expected = f"{named} is not installed; pip install 'newsstand[training]' brings it"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"newsstand-train: {expected}\n"


def test_help_needs_no_extra() -> None:
    assert run_without(TRAINING_EXTRA, "training.cli", "export", "--help").returncode == 0


def test_what_no_extra_brings_is_not_explained_away(tmp_path: Path) -> None:
    done = run_without(["yaml"], "training.cli", *EXPORT, "--store", tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'yaml'\n")


def test_the_extra_is_what_the_project_declares() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["optional-dependencies"]["training"]
    assert {requirement.partition(">=")[0] for requirement in declared} == TRAINING_EXTRA

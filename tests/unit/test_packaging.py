"""What is no Python file comes with an installation only if pyproject.toml says so."""

import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SETUPTOOLS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]


@pytest.mark.parametrize("package", ["model_store", "service", "training"])
def test_every_file_that_is_no_code_is_installed(package: str) -> None:
    folder = REPOSITORY / package
    named = {
        file
        for pattern in SETUPTOOLS["package-data"].get(package, [])
        for file in folder.glob(pattern)
    }
    others = {
        file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc") and not file.name.startswith(".")
    }
    assert others <= named

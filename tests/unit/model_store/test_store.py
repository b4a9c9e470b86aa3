"""Versions in stores: which one a reference leads to, and which ones may go."""

from pathlib import Path

import pytest

from model_store import layout
from model_store.errors import InUse, NotFound
from model_store.store import ModelStore
from tests.unit.model_store.fake_artefact import NAME, store_with, write


@pytest.mark.parametrize("reference", ["", "@", "news@", "../news", "news/1", ".news", "news@9"])
def test_a_reference_that_names_nothing_is_refused(tmp_path: Path, reference: str) -> None:
    write(tmp_path)
    with pytest.raises(NotFound):
        ModelStore.at(tmp_path).load(reference)


def test_the_writable_store_is_searched_first(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(shipped, 1).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    assert both.load(NAME).folder == shipped / NAME / "1"
    write(mine)
    assert both.load(NAME).folder == mine / NAME / "1"
    assert both.load("news@1").folder == mine / NAME / "1"


def test_pruning_keeps_what_aliases_and_a_rollback_would_need(tmp_path: Path) -> None:
    store = store_with(tmp_path, 6)
    for version in (1, 2, 3):
        store.promote(NAME, version)
    store.promote(NAME, 4, "candidate")
    assert store.prune(NAME, keep=1) == [1, 5]
    assert store.versions(NAME) == [2, 3, 4, 6]
    assert store.rollback(NAME) == 2


def test_a_version_that_an_alias_points_to_is_not_removed(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    store.promote(NAME, 1)
    with pytest.raises(InUse, match="news@1 is what production points to"):
        store.remove(NAME, 1)
    store.remove(NAME, 2)
    assert store.versions(NAME) == [1]


def test_pruning_what_is_not_there_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    store = ModelStore((tmp_path / "store",))
    for name in ("nothing", "../store", "news@1"):
        with pytest.raises(NotFound):
            store.prune(name, 1)
    assert not (tmp_path / "store").exists()


def test_pruning_goes_on_after_one_that_was_killed(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    left = tmp_path / NAME / f"{layout.STAGING_PREFIX}removed-1"
    left.mkdir()
    (left / "card.md").write_text("what a crash left")
    assert store.prune(NAME, 1) == [1, 2]
    assert store.versions(NAME) == [3]


def test_only_the_writable_store_is_pruned(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(shipped, 3)
    store_with(mine, 2)
    assert ModelStore((mine, shipped)).prune(NAME, 1) == [1]
    assert ModelStore((shipped,)).versions(NAME) == [1, 2, 3]
    with pytest.raises(NotFound, match="no version 3 of news"):
        ModelStore((mine, shipped)).remove(NAME, 3)


def test_what_an_alias_of_either_store_points_to_stays(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(mine, 3)
    store_with(shipped, 1).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    assert both.prune(NAME, 1) == [2]
    with pytest.raises(InUse, match="what production points to"):
        both.remove(NAME, 1)

"""Aliases: moved in one step, remembered, and never pointed into the void."""

import json
import multiprocessing
from pathlib import Path

import pytest

from model_store import layout
from model_store.errors import Damaged, InUse, NotFound, NotWritable
from model_store.store import REMEMBERED, ModelStore
from tests.unit.model_store.fake_artefact import NAME, write


def store_with(root: Path, versions: int) -> ModelStore:
    for _ in range(versions):
        write(root)
    return ModelStore((root,))


def promote_in_a_process(root: Path, alias: str) -> None:
    store = ModelStore((root,))
    for version in (1, 2, 1, 2):
        store.promote(NAME, version, alias)


def test_processes_that_move_different_aliases_lose_none(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    aliases = [f"alias-{letter}" for letter in "abcdef"]
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(promote_in_a_process, [(tmp_path, alias) for alias in aliases])
    held = store.aliases(NAME)
    assert set(held) == set(aliases)
    assert {(alias.version, alias.previous) for alias in held.values()} == {(2, (1, 2, 1))}


def test_an_alias_remembers_where_it_pointed_up_to_a_limit(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    for turn in range(REMEMBERED + 5):
        store.promote(NAME, 1 + turn % 2)
    assert len(store.aliases(NAME)["production"].previous) == REMEMBERED


def test_promoting_what_is_promoted_changes_nothing(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    store.promote(NAME, 1)
    path = tmp_path / NAME / layout.ALIASES
    before = path.stat().st_mtime_ns
    store.promote(NAME, 1)
    assert (path.stat().st_mtime_ns, store.aliases(NAME)["production"].previous) == (before, ())


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"production": 3}', '{"production": {"version": "x"}}', "\xff"]
)
def test_damaged_aliases_are_refused_and_not_overwritten(tmp_path: Path, text: str) -> None:
    store = store_with(tmp_path, 1)
    path = tmp_path / NAME / layout.ALIASES
    path.write_text(text, encoding="latin-1")
    with pytest.raises(Damaged, match=r"aliases\.json"):
        store.load(NAME)
    with pytest.raises(Damaged, match=r"aliases\.json"):
        store.promote(NAME, 1)
    with pytest.raises(Damaged, match=r"aliases\.json"):
        store.prune(NAME, 1)
    assert path.read_text(encoding="latin-1") == text
    assert store.load(f"{NAME}@1").manifest.version == 1


def test_aliases_that_cannot_be_read_are_an_error_of_the_store(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    (tmp_path / NAME / layout.ALIASES).mkdir()
    with pytest.raises(Damaged, match="cannot be read"):
        store.load(NAME)


def test_an_alias_to_a_version_that_is_gone_says_what_is_there(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    (tmp_path / NAME / layout.ALIASES).write_text(json.dumps({"production": {"version": 9}}))
    with pytest.raises(NotFound, match=r"no version 9 of news; versions of news in .*: 1, 2"):
        store.load(NAME)


def test_rolling_back_to_a_version_that_is_gone_leaves_the_alias(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    store.promote(NAME, 1)
    store.promote(NAME, 2)
    store.remove(NAME, 1)
    with pytest.raises(NotFound, match="no version 1"):
        store.rollback(NAME)
    assert store.load(NAME).manifest.version == 2


def test_rolling_back_what_never_was_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    store = ModelStore((tmp_path,))
    with pytest.raises(NotFound, match="no news@production"):
        store.rollback(NAME)
    with pytest.raises(NotFound, match="names no artefact"):
        store.rollback("../news")
    assert list(tmp_path.iterdir()) == []


def test_pruning_keeps_what_a_rollback_would_need(tmp_path: Path) -> None:
    store = store_with(tmp_path, 5)
    for version in (1, 2, 3):
        store.promote(NAME, version)
    assert store.prune(NAME, keep=1) == [1, 4]
    assert store.rollback(NAME) == 2


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


def test_an_alias_of_the_shipped_store_is_moved_in_the_writable_one(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(shipped, 2).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    both.promote(NAME, 2)
    assert both.load(NAME).folder == shipped / NAME / "2"
    assert both.rollback(NAME) == 1
    assert ModelStore((shipped,)).aliases(NAME)["production"].version == 1


def test_what_an_alias_of_either_store_points_to_stays(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(mine, 3)
    store_with(shipped, 1).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    assert both.prune(NAME, 1) == [2]
    with pytest.raises(InUse, match="what production points to"):
        both.remove(NAME, 1)


def test_a_store_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    no_folder, shipped = tmp_path / "file", tmp_path / "shipped"
    no_folder.write_text("not a folder")
    store_with(shipped, 1)
    with pytest.raises(NotWritable, match="cannot be written to"):
        ModelStore((no_folder, shipped)).promote(NAME, 1)
    assert ModelStore((no_folder, shipped)).names() == [NAME]

"""Aliases: moved in one step, remembered, and never pointed into the void."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store import layout
from model_store.errors import Damaged, NotFound, NotWritable
from model_store.store import DEFAULT_ARTEFACT, REMEMBERED, SHIPPED, ModelStore
from tests.unit.model_store.fake_artefact import NAME, store_with


def promote_in_a_process(root: Path, alias: str) -> None:
    store = ModelStore((root,))
    for version in (1, 2, 1, 2):
        store.promote(NAME, version, alias)


def test_promote_and_roll_back(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    with pytest.raises(NotFound, match="production"):
        store.load(NAME)
    for version in (1, 2, 2, 3):
        store.promote(NAME, version)
    assert store.load(NAME).manifest.version == 3
    assert [store.rollback(NAME), store.rollback(NAME)] == [2, 1]
    assert store.load("news@production").manifest.version == 1
    with pytest.raises(NotFound, match="before"):
        store.rollback(NAME)


def test_a_damaged_version_is_not_promoted(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    (tmp_path / NAME / "2" / layout.CARD).write_text("other")
    with pytest.raises(Damaged, match=layout.CARD):
        store.promote(NAME, 2)
    assert not (tmp_path / NAME / layout.ALIASES).exists()
    store.promote(NAME, 1)
    with pytest.raises(Damaged, match=layout.CARD):
        store.promote(NAME, 2)
    assert store.load(NAME).manifest.version == 1


@pytest.mark.parametrize("alias", ["7", "", "a/b", "a b"])
def test_an_alias_must_have_a_name(tmp_path: Path, alias: str) -> None:
    store = store_with(tmp_path, 1)
    with pytest.raises(NotFound, match="cannot be an alias"):
        store.promote(NAME, 1, alias)


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


CHANGES: dict[str, Callable[[ModelStore], object]] = {
    "promote": lambda store: store.promote(
        DEFAULT_ARTEFACT, store.versions(DEFAULT_ARTEFACT)[-1], "candidate"
    ),
    "rollback": lambda store: store.rollback(DEFAULT_ARTEFACT),
    "prune": lambda store: store.prune(DEFAULT_ARTEFACT, keep=1),
    "remove": lambda store: store.remove(DEFAULT_ARTEFACT, 700),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_without_a_store_of_ones_own_nothing_changes(
    change: Callable[[ModelStore], object],
) -> None:
    store = ModelStore.at()
    before = store.aliases(DEFAULT_ARTEFACT)
    with pytest.raises(NotWritable, match="name a store of your own"):
        change(store)
    assert store.aliases(DEFAULT_ARTEFACT) == before
    assert not list(SHIPPED.rglob(".*"))


def test_an_alias_of_the_shipped_store_is_moved_in_the_writable_one(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    store_with(shipped, 2).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    both.promote(NAME, 2)
    assert both.load(NAME).folder == shipped / NAME / "2"
    assert both.rollback(NAME) == 1
    both.promote(NAME, 1, "candidate")
    assert set(both.aliases(NAME)) == {"production", "candidate"}
    in_shipped = ModelStore((shipped,)).aliases(NAME)
    assert {name: alias.version for name, alias in in_shipped.items()} == {"production": 1}


def test_a_store_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    no_folder, shipped = tmp_path / "file", tmp_path / "shipped"
    no_folder.write_text("not a folder")
    store_with(shipped, 1)
    with pytest.raises(NotWritable, match="cannot be written to"):
        ModelStore((no_folder, shipped)).promote(NAME, 1)
    assert ModelStore((no_folder, shipped)).names() == [NAME]

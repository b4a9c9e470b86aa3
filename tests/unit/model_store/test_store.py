"""Artefacts: written whole or not at all, verified when read, pointed to by aliases."""

import json
import multiprocessing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model_store import layout
from model_store.artefact import read
from model_store.cli import app
from model_store.errors import Damaged, InUse, ModelStoreError, NotFound
from model_store.store import ModelStore
from model_store.writer import Description, Signature, write_artefact
from tests.unit.model_store.fake_artefact import NAME, build, write, write_in_a_process


def test_versions_count_up_and_read_back(tmp_path: Path) -> None:
    first, second = write(tmp_path), write(tmp_path)
    assert [first.manifest.version, second.manifest.version] == [1, 2]
    assert read(second.folder) == second
    assert second.manifest.reference == "news@2"
    assert second.manifest.files[layout.news_encoder("fp32")].inputs == (
        "input_ids",
        "attention_mask",
    )


def test_nothing_appears_when_building_fails(tmp_path: Path) -> None:
    def failing(folder: Path) -> tuple[Description, dict[str, Signature]]:
        build(folder)
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        write_artefact(tmp_path, NAME, failing)
    assert list((tmp_path / NAME).iterdir()) == []


def test_nothing_appears_when_the_manifest_does_not_hold(tmp_path: Path) -> None:
    def without_tokenizer(folder: Path) -> tuple[Description, dict[str, Signature]]:
        described = build(folder)
        (folder / layout.TOKENIZER).unlink()
        return described

    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        write_artefact(tmp_path, NAME, without_tokenizer)
    assert list((tmp_path / NAME).iterdir()) == []


def test_concurrent_writers_never_share_a_version(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        versions = pool.map(write_in_a_process, [tmp_path] * 12)
    written = [version for version in versions if version]
    assert len(written) == len(set(written))
    assert sorted(written) == ModelStore.at(tmp_path).versions(NAME)
    for version in written:
        read(tmp_path / NAME / str(version))


@pytest.mark.parametrize("name", [layout.news_encoder("fp32"), layout.TOKENIZER, layout.CARD])
@pytest.mark.parametrize("damage", ["truncate", "alter", "remove"])
def test_a_damaged_file_is_named_and_refused(tmp_path: Path, name: str, damage: str) -> None:
    path = write(tmp_path).path(name)
    content = path.read_bytes()
    if damage == "truncate":
        path.write_bytes(content[:-1])
    elif damage == "alter":
        path.write_bytes(b"X" + content[1:])
    else:
        path.unlink()
    with pytest.raises(Damaged, match=name):
        read(tmp_path / NAME / "1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 2}, "format version 2"),
        ({"dimension": 0}, "dimension"),
        ({"surprise": 1}, "surprise"),
        ({"scoring": {"kind": "tea leaves"}}, "scoring"),
        ({"version": 7}, "moved or renamed"),
    ],
)
def test_a_manifest_that_does_not_hold_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Damaged, match=said):
        read(path.parent)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0"])
def test_a_manifest_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    path.write_text(text)
    with pytest.raises(Damaged, match=r"manifest\.json"):
        read(path.parent)


def test_a_file_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    manifest = json.loads(path.read_text())
    manifest["files"]["../secret"] = manifest["files"][layout.CARD]
    path.write_text(json.dumps(manifest))
    with pytest.raises(Damaged, match="out of"):
        read(path.parent)


def test_promote_and_roll_back(tmp_path: Path) -> None:
    for _ in range(3):
        write(tmp_path)
    store = ModelStore.at(tmp_path)
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
    write(tmp_path)
    write(tmp_path).path(layout.CARD).write_text("other")
    store = ModelStore.at(tmp_path)
    store.promote(NAME, 1)
    with pytest.raises(Damaged):
        store.promote(NAME, 2)
    assert store.load(NAME).manifest.version == 1


@pytest.mark.parametrize("alias", ["7", "", "a/b", "a b"])
def test_an_alias_must_have_a_name(tmp_path: Path, alias: str) -> None:
    write(tmp_path)
    with pytest.raises(NotFound):
        ModelStore.at(tmp_path).promote(NAME, 1, alias)


@pytest.mark.parametrize("reference", ["", "@", "news@", "../news", "news/1", ".news", "news@9"])
def test_a_reference_that_names_nothing_is_refused(tmp_path: Path, reference: str) -> None:
    write(tmp_path)
    with pytest.raises(NotFound):
        ModelStore.at(tmp_path).load(reference)


def test_pruning_keeps_what_aliases_need(tmp_path: Path) -> None:
    for _ in range(6):
        write(tmp_path)
    store = ModelStore.at(tmp_path)
    store.promote(NAME, 1)
    store.promote(NAME, 2)
    store.promote(NAME, 3, "candidate")
    assert store.prune(NAME, keep=1) == [4, 5]
    assert store.versions(NAME) == [1, 2, 3, 6]
    with pytest.raises(InUse):
        store.remove(NAME, 2)
    store.remove(NAME, 6)
    assert store.versions(NAME) == [1, 2, 3]


def test_the_writable_store_is_searched_first(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    write(shipped)
    ModelStore((shipped,)).promote(NAME, 1)
    both = ModelStore((mine, shipped))
    assert both.load(NAME).folder == shipped / NAME / "1"
    write(mine)
    assert both.load("news@1").folder == mine / NAME / "1"
    both.promote(NAME, 1, "candidate")
    assert set(both.aliases(NAME)) == {"production", "candidate"}
    assert not (shipped / NAME / layout.ALIASES).read_text().count("candidate")


def test_damaged_aliases_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / NAME / layout.ALIASES).write_text("{")
    with pytest.raises(Damaged, match=r"aliases\.json"):
        ModelStore.at(tmp_path).load(NAME)


def run(store: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--store", str(store)])
    if isinstance(result.exception, ModelStoreError):
        raise result.exception
    return f"{result.exit_code}: {result.output}"


def test_the_command_tells_and_moves(tmp_path: Path) -> None:
    assert "No artefacts" in run(tmp_path, "list")
    for _ in range(4):
        write(tmp_path)
    assert "is now news@2" in run(tmp_path, "promote", "news@2")
    assert "is now news@3" in run(tmp_path, "promote", "news@3")
    assert "is now news@2" in run(tmp_path, "rollback", NAME)
    assert "production" in run(tmp_path, "list")
    assert json.loads(run(tmp_path, "show", NAME).removeprefix("0: "))["version"] == 2
    assert run(tmp_path, "verify").startswith("0: ")
    (tmp_path / NAME / "4" / layout.CARD).unlink()
    assert run(tmp_path, "verify").startswith("1: ")
    assert "removed: news@1, news@3" in run(tmp_path, "prune", NAME, "--keep", "1")
    with pytest.raises(NotFound):
        run(tmp_path, "show", "nothing")

"""An artefact is verified before it is used."""

import json
from pathlib import Path

import pytest

from model_store import layout
from model_store.artefact import read, read_manifest
from model_store.errors import Damaged, NotFound
from model_store.news_encoder import NewsEncoder
from model_store.sessions import open_session
from model_store.tokens import read_tokenizer
from tests.unit.model_store.fake_artefact import NAME, write


def test_where_no_folder_is_there_is_no_artefact(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no artefact in"):
        read(tmp_path / "none")


def test_a_folder_without_manifest_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    path.unlink()
    with pytest.raises(Damaged, match="cannot be read: No such file"):
        read(path.parent)


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


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0"])
def test_a_manifest_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    path.write_text(text)
    with pytest.raises(Damaged, match=r"manifest\.json"):
        read(path.parent)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"format_version": 2}, "format version 2"), ({"dimension": 0}, "dimension")],
)
def test_a_manifest_that_does_not_hold_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = write(tmp_path).path(layout.MANIFEST)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Damaged, match=said):
        read(path.parent)


@pytest.mark.parametrize("to", ["news/2", "other/1"])
def test_a_folder_that_was_moved_or_renamed_is_refused(tmp_path: Path, to: str) -> None:
    folder = write(tmp_path).folder
    target = tmp_path / to
    target.parent.mkdir(exist_ok=True)
    folder.rename(target)
    with pytest.raises(Damaged, match=f"holds {NAME}@1: it was moved or renamed"):
        read(target)


def test_a_store_may_be_moved_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert read(tmp_path / "there" / NAME / "1").manifest.reference == "news@1"


def test_a_manifest_can_be_read_although_a_file_is_damaged(tmp_path: Path) -> None:
    artefact = write(tmp_path)
    artefact.path(layout.TOKENIZER).write_text("other")
    assert read_manifest(artefact.folder) == artefact.manifest
    with pytest.raises(Damaged, match=layout.TOKENIZER):
        read(artefact.folder)


def test_a_file_turned_folder_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path).path(layout.CARD)
    path.unlink()
    path.mkdir()
    with pytest.raises(Damaged, match=r"card\.md is missing"):
        read(path.parent)


def test_files_that_no_manifest_lists_do_no_harm(tmp_path: Path) -> None:
    folder = write(tmp_path).folder
    (folder / "notes.txt").write_text("from an operator")
    assert read(folder).manifest.version == 1


def test_what_is_no_tokenizer_and_no_encoder_is_refused_by_name(tmp_path: Path) -> None:
    artefact = write(tmp_path)
    with pytest.raises(Damaged, match=r"tokenizer\.json is not a tokenizer"):
        read_tokenizer(artefact.path(layout.TOKENIZER), 32)
    with pytest.raises(Damaged, match=r"news_encoder\.fp32\.onnx does not load"):
        open_session(artefact.path(layout.news_encoder("fp32")))


def test_a_precision_that_was_not_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="has no int8 encoder, only fp32"):
        NewsEncoder(write(tmp_path), "int8")

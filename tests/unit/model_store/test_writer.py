"""An artefact appears whole or not at all, whatever happens to the one who writes it."""

import multiprocessing
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from model_store import layout
from model_store.artefact import read
from model_store.errors import AlreadyExists
from model_store.store import ModelStore
from model_store.writer import Description, Signature, write_artefact
from tests.unit.model_store.fake_artefact import NAME, build, write, write_in_a_process

REPOSITORY = Path(__file__).parents[3]
KILLED_WHILE_BUILDING = """
import sys
from pathlib import Path
from model_store.writer import write_artefact
from tests.unit.model_store.fake_artefact import build

def building(folder):
    described = build(folder)
    print("built", flush=True)
    sys.stdin.read()
    return described

write_artefact(Path(sys.argv[1]), "news", building)
"""


def test_versions_count_up_and_read_back(tmp_path: Path) -> None:
    first, second = write(tmp_path), write(tmp_path)
    assert [first.manifest.version, second.manifest.version] == [1, 2]
    assert read(second.folder) == second
    assert second.manifest.reference == "news@2"
    assert second.manifest.files[layout.news_encoder("fp32")].inputs == (
        "input_ids",
        "attention_mask",
    )


def test_a_writer_that_is_killed_leaves_no_version(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_BUILDING, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"built\n"
        process.kill()
    store = ModelStore((tmp_path,))
    assert (store.names(), store.versions(NAME)) == ([], [])
    assert write(tmp_path).manifest.version == 1
    assert (store.names(), store.versions(NAME)) == ([NAME], [1])


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_nothing_appears_when_building_fails(tmp_path: Path, failure: type[BaseException]) -> None:
    def failing(folder: Path) -> tuple[Description, dict[str, Signature]]:
        build(folder)
        raise failure

    with pytest.raises(failure):
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


def test_a_version_that_another_wrote_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(tmp_path)
    monkeypatch.setattr(ModelStore, "versions", lambda store, name: [])  # as it was a moment ago
    with pytest.raises(AlreadyExists, match="meanwhile"):
        write(tmp_path)
    assert read(first.folder) == first
    assert [path.name for path in (tmp_path / NAME).iterdir()] == ["1"]


@pytest.mark.parametrize("name", ["News", "../news", "a b", "", "news/x"])
def test_a_name_that_is_none_is_refused_before_anything_is_built(tmp_path: Path, name: str) -> None:
    def never(folder: Path) -> tuple[Description, dict[str, Signature]]:
        raise AssertionError("it was built")

    with pytest.raises(ValueError, match="pattern"):
        write_artefact(tmp_path / "store", name, never)
    assert not (tmp_path / "store").exists()


def test_every_file_is_listed_with_its_size_and_digest(tmp_path: Path) -> None:
    artefact = write(tmp_path)
    on_disk = {path.name for path in artefact.folder.iterdir()}
    assert on_disk == {*artefact.manifest.files, layout.MANIFEST}
    for name, entry in artefact.manifest.files.items():
        assert artefact.path(name).stat().st_size == entry.size


def test_an_artefact_can_be_read_by_other_users(tmp_path: Path) -> None:
    folder = write(tmp_path).folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_numbers_go_on_after_the_highest(tmp_path: Path) -> None:
    for _ in range(3):
        write(tmp_path)
    ModelStore((tmp_path,)).prune(NAME, keep=1)
    assert write(tmp_path).manifest.version == 4

"""Starting: what is wrong is said in one line, and nothing is left behind."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from model_store import layout
from model_store.store import DEFAULT_ARTEFACT, SHIPPED, ModelStore
from tests.integration.asking import put
from tests.integration.service_process import ServiceProcess, refused
from tests.shipped import REFERENCE


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    """The folder of the shipped artefact's copy in a store of the test's own, to be damaged."""
    store = tmp_path / "models"
    shutil.copytree(SHIPPED, store)
    return ModelStore.at(store).folder(DEFAULT_ARTEFACT)


def one_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line]
    assert len(lines) == 1, said
    assert lines[0].startswith("newsstand: ")
    return lines[0]


def start(tmp_path: Path, *more: str) -> str:
    return one_line(refused("--data-dir", str(tmp_path / "data"), "--port", "0", *more))


def start_with(artefact: Path, tmp_path: Path) -> str:
    return start(tmp_path, "--model-store", str(artefact.parents[1]))


def test_a_truncated_encoder_is_refused(artefact: Path, tmp_path: Path) -> None:
    encoder = next(artefact.glob("news_encoder.*"))
    encoder.write_bytes(encoder.read_bytes()[:-100])
    assert str(encoder) in start_with(artefact, tmp_path)


def test_an_altered_tokenizer_is_refused(artefact: Path, tmp_path: Path) -> None:
    tokenizer = artefact / layout.TOKENIZER
    content = bytearray(tokenizer.read_bytes())
    content[len(content) // 2] ^= 1
    tokenizer.write_bytes(content)
    said = start_with(artefact, tmp_path)
    assert str(tokenizer) in said
    assert "SHA-256" in said


def test_a_missing_file_is_refused(artefact: Path, tmp_path: Path) -> None:
    card = artefact / layout.CARD
    card.unlink()
    assert f"{card} is missing" in start_with(artefact, tmp_path)


def test_an_unknown_format_version_is_refused(artefact: Path, tmp_path: Path) -> None:
    path = artefact / layout.MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format_version": 99}))
    assert "format version 99" in start_with(artefact, tmp_path)


@pytest.mark.parametrize(
    "model", [f"{DEFAULT_ARTEFACT}@700", f"{DEFAULT_ARTEFACT}@candidate", "nothing", "a/b", "@"]
)
def test_a_model_that_is_not_there_is_refused(tmp_path: Path, model: str) -> None:
    assert model.split("@")[0] in start(tmp_path, "--model", model)


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = start(tmp_path, "--port", port)
    assert port in said
    assert "in use" in said


def test_a_data_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert str(tmp_path / "data") in start(tmp_path)


def test_a_data_folder_in_use_is_refused(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data")]
    with ServiceProcess(*arguments):
        assert "another Newsstand" in start(tmp_path)


def test_a_redis_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = start(tmp_path, "--redis-url", "redis://127.0.0.1:1/0")
    assert "does not answer" in said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--redis-url", "http://x"], "NEWSSTAND_REDIS_URL"),
        (["--host", "0.0.0.0"], "loopback"),
        (["--workers", "0"], "NEWSSTAND_WORKERS"),
        (["--device", "cuda"], "NEWSSTAND_DEVICE"),
        (["--article-days", "0"], "NEWSSTAND_ARTICLE_DAYS"),
        (["--api-keys-file", "no-keys"], "the API keys in no-keys cannot be read"),
        (["--key-requests-per-second", "0"], "NEWSSTAND_KEY_REQUESTS_PER_SECOND"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    tmp_path: Path, arguments: list[str], named: str
) -> None:
    assert named in start(tmp_path, *arguments)


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    env = {"NEWSSTAND_DATA_DIR": str(tmp_path / "data"), "NEWSSTAND_MODEL": REFERENCE}
    with ServiceProcess(env=env) as running:
        assert running.client.get("/health/ready").json()["model"] == REFERENCE
    assert (tmp_path / "data" / "valkey").is_dir()


def test_without_a_word_on_models_what_ships_is_served_and_stays_as_it_is(tmp_path: Path) -> None:
    before = sorted((file, file.stat().st_mtime_ns) for file in SHIPPED.rglob("*"))
    with ServiceProcess("--data-dir", str(tmp_path / "data")) as running:
        assert running.client.get("/health/ready").json()["model"] == REFERENCE
        put(running.client, "a", "Harbour story")
    assert before == sorted((file, file.stat().st_mtime_ns) for file in SHIPPED.rglob("*"))

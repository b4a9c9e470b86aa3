"""Starting: what is wrong is said in one line, and nothing is left behind."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from tests.integration.service_process import ServiceProcess, model_arguments, refused


@pytest.fixture
def store(minilm_store: Path, tmp_path: Path) -> Path:
    """A copy of the artefact, to be damaged."""
    copy = tmp_path / "models"
    shutil.copytree(minilm_store, copy)
    return copy


def one_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line]
    assert len(lines) == 1, said
    assert lines[0].startswith("newsstand: ")
    return lines[0]


def start(tmp_path: Path, store: Path, *more: str) -> str:
    data = ["--data-dir", str(tmp_path / "data"), "--port", "0"]
    return one_line(refused(*data, *model_arguments(store), *more))


def test_a_truncated_encoder_is_refused(store: Path, tmp_path: Path) -> None:
    encoder = store / "news-minilm" / "1" / "news_encoder.fp32.onnx"
    encoder.write_bytes(encoder.read_bytes()[:-100])
    assert str(encoder) in start(tmp_path, store)


def test_an_altered_tokenizer_is_refused(store: Path, tmp_path: Path) -> None:
    tokenizer = store / "news-minilm" / "1" / "tokenizer.json"
    content = bytearray(tokenizer.read_bytes())
    content[len(content) // 2] ^= 1
    tokenizer.write_bytes(content)
    said = start(tmp_path, store)
    assert str(tokenizer) in said
    assert "SHA-256" in said


def test_a_missing_file_is_refused(store: Path, tmp_path: Path) -> None:
    card = store / "news-minilm" / "1" / "card.md"
    card.unlink()
    assert f"{card} is missing" in start(tmp_path, store)


def test_an_unknown_format_version_is_refused(store: Path, tmp_path: Path) -> None:
    path = store / "news-minilm" / "1" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format_version": 99}))
    assert "format version 99" in start(tmp_path, store)


@pytest.mark.parametrize("model", ["news-minilm@7", "news-minilm@candidate", "nothing", "a/b", "@"])
def test_a_model_that_is_not_there_is_refused(store: Path, tmp_path: Path, model: str) -> None:
    assert model.split("@")[0] in start(tmp_path, store, "--model", model)


def test_a_port_in_use_is_refused(minilm_store: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = start(tmp_path, minilm_store, "--port", port)
    assert port in said
    assert "in use" in said


def test_a_data_folder_that_cannot_be_written_is_refused(
    minilm_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert str(tmp_path / "data") in start(tmp_path, minilm_store)


def test_a_data_folder_in_use_is_refused(minilm_store: Path, tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data"), *model_arguments(minilm_store)]
    with ServiceProcess(*arguments):
        assert "another Newsstand" in start(tmp_path, minilm_store)


def test_a_redis_that_is_not_there_is_refused(minilm_store: Path, tmp_path: Path) -> None:
    said = start(tmp_path, minilm_store, "--redis-url", "redis://127.0.0.1:1/0")
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
    minilm_store: Path, tmp_path: Path, arguments: list[str], named: str
) -> None:
    assert named in start(tmp_path, minilm_store, *arguments)


def test_settings_come_from_the_environment(minilm_store: Path, tmp_path: Path) -> None:
    env = {
        "NEWSSTAND_DATA_DIR": str(tmp_path / "data"),
        "NEWSSTAND_MODEL_STORE": str(minilm_store),
        "NEWSSTAND_MODEL": "news-minilm@1",
    }
    with ServiceProcess(env=env) as running:
        assert running.client.get("/health/ready").json()["model"] == "news-minilm@1"
    assert (tmp_path / "data" / "valkey").is_dir()

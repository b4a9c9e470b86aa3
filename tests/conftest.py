"""What all tests share: the artefact that ``make run`` makes, made once a session."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.minilm import folder

SAMPLE = Path(__file__).parent.parent / "service" / "sample" / "articles.jsonl"


@pytest.fixture(scope="session")
def minilm_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose production is ``news-minilm@1``, exported by the command."""
    store = tmp_path_factory.mktemp("models")
    arguments = ["--store", str(store), "--name", "news-minilm", "--languages", "en"]
    centring = ["--centring-texts", str(SAMPLE), "--promote"]
    done = subprocess.run(
        [sys.executable, "-m", "training.cli", "export", str(folder()), *arguments, *centring],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return store

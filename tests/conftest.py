"""What all tests share: the artefacts, made once a session."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from training.minilm import folder

if TYPE_CHECKING:
    from tests.attention_artefacts import Workshop

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

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


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> "Workshop":
    """Makes a tiny recommender and its artefact, for each architecture that is asked for."""
    from tests.attention_artefacts import Workshop  # only where torch is needed

    return Workshop(tmp_path_factory.mktemp("attention"))

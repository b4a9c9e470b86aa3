"""A running service, shared by the tests of a session: each uses ids of its own."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.service_process import ServiceProcess, model_arguments


@pytest.fixture(scope="session")
def service(minilm_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An HTTP client of a service with its embedded Valkey."""
    data_dir = tmp_path_factory.mktemp("data")
    with ServiceProcess("--data-dir", str(data_dir), *model_arguments(minilm_store)) as running:
        yield running.client


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes ids that no other test uses: ``fresh("reader")``."""
    tag = uuid.uuid4().hex[:10]
    return lambda name: f"{name}-{tag}"


@pytest.fixture
def own_service(minilm_store: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    """A service of the test's own, empty at first."""
    arguments = ["--data-dir", str(tmp_path / "data"), *model_arguments(minilm_store)]
    with ServiceProcess(*arguments) as running:
        yield running.client

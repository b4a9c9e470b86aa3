"""A running service, shared by the tests of a session: each uses ids of its own."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.integration.service_process import ServiceProcess


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An HTTP client of a service with its embedded Valkey."""
    folder = tmp_path_factory.mktemp("service")
    with ServiceProcess(*_arguments(folder)) as running:
        yield running.client


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes ids that no other test uses: ``fresh("reader")``."""
    tag = uuid.uuid4().hex[:10]
    return lambda name: f"{name}-{tag}"


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[httpx.Client]:
    """A service of the test's own, empty at first."""
    with ServiceProcess(*_arguments(tmp_path)) as running:
        yield running.client


def _arguments(folder: Path) -> list[str]:
    """The defaults, but that nothing is left to chance."""
    file = folder / "policies.toml"
    file.write_text("[scenarios.default]\nexplore = false\n", encoding="utf-8")
    return ["--data-dir", str(folder / "data"), "--policies-file", str(file)]


PLAIN = """
[scenarios.default]
diversity = 0.0
explore = { share = 0.0 }
"""


@pytest.fixture
def governed(tmp_path: Path) -> Iterator[Callable[[str], httpx.Client]]:
    """Starts a service of the test's own with the policies given as TOML."""
    with ExitStack() as stack:

        def start(policies: str) -> httpx.Client:
            file = tmp_path / "policies.toml"
            file.write_text(policies, encoding="utf-8")
            arguments = ["--data-dir", str(tmp_path / "data"), "--policies-file", str(file)]
            running = ServiceProcess(*arguments)
            return stack.enter_context(running).client

        yield start

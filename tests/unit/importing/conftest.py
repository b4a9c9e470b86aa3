"""A service that takes articles, a web host that serves feeds, and the import between them."""

import io
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from service.importing.command import import_articles
from service.importing.patience import Patience
from service.importing.report import ImportReport
from tests.unit.importing.recording_service import RecordingService, Server, serving
from tests.unit.importing.web_host import WebHost, web_host

IMPATIENT = Patience(first_seconds=0.001, longest_seconds=0.001)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def service(server: Server) -> Iterator[RecordingService]:
    with server.fresh() as service:
        yield service


@pytest.fixture
def host() -> Iterator[WebHost]:
    with web_host() as running:
        yield running


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on loopback that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@dataclass(frozen=True)
class Importer:
    """Runs imports into the service, and remembers what they say."""

    service: RecordingService
    state_folder: Path
    said: io.StringIO

    def __call__(self, source: str | Path, **options: Any) -> ImportReport:
        given = {"to": self.service.url, "patience": IMPATIENT, **options}
        console = Console(file=self.said, width=200)
        return import_articles(
            str(source), state_folder=self.state_folder, console=console, **given
        )


@pytest.fixture
def run_import(service: RecordingService, tmp_path: Path) -> Importer:
    return Importer(service, tmp_path / "imports", io.StringIO())


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file of the test's own: ``write("news.tsv", text)``."""

    def writing(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writing

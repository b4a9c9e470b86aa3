"""A service of the fuzz tests' own, guarded by a key that may do everything."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fuzz.plain_newsstand import HISTORY_LENGTH
from tests.integration.keyring import Keys
from tests.integration.service_process import ServiceProcess


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An HTTP client that bears the key. Tests share the service: each uses ids of its own."""
    folder = tmp_path_factory.mktemp("guarded")
    keys = Keys(folder / "keys")
    bearing = keys.create("fuzz", "read", "write", "admin")
    arguments = ["--data-dir", str(folder / "data"), "--api-keys-file", str(keys.path)]
    arguments += ["--history-length", str(HISTORY_LENGTH)]
    with ServiceProcess(*arguments) as running:
        running.client.headers.update(bearing)
        yield running.client

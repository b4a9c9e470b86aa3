"""The keys in a file of JSON, which several processes read and change.

A change is made under a lock beside the file and written into another file, which then takes its
place: whoever reads sees the old keys or the new ones. Only its owner can read what is written.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from model_store.files import sync_folder
from service.domain.api_key import Keyring
from service.errors import SetupError


def read_keys(path: Path) -> Keyring:
    """The keys in a file. Raises SetupError, which says what is wrong with it."""
    try:
        return Keyring.model_validate_json(path.read_bytes())
    except OSError as error:
        why = f"{error.strerror} (newsstand keys create makes the file)"
        raise SetupError(f"the API keys in {path} cannot be read: {why}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "".join(f"{part} " for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise SetupError(f"the API keys in {path} are damaged: {where}{said}") from error


@contextmanager
def changing_keys(path: Path) -> Iterator["KeyChange"]:
    """The keys, which nobody else changes during the block; none where there is no file yet. Makes
    the folder. Raises SetupError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("a")
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield KeyChange(path)


class KeyChange:
    """The keys as they are, under the lock, and as they shall be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.keyring = read_keys(path) if path.exists() else Keyring()

    def to(self, keyring: Keyring) -> None:
        """Write them. Raises SetupError, and then they are as they were."""
        write_private(self._path, keyring.model_dump_json(indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Make a file, or replace it in one step; only its owner may read it. Raises SetupError, and
    then nothing has changed.
    """
    try:
        descriptor, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(staged).replace(path)
    except OSError as error:
        Path(staged).unlink(missing_ok=True)
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    sync_folder(path.parent)

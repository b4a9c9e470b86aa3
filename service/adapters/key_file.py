"""The keys in a file of JSON, which several processes read and change.

A change is made under a lock on the folder and written into another file, which then takes its
place: whoever reads sees the old keys or the new ones, and whoever could read the old can read the
new. The first is its owner's alone.
"""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # no file of root's is left that would bar the owner
        yield KeyChange(path)
    finally:
        os.close(folder)


class KeyChange:
    """The keys as they are, under the lock, and as they shall be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.keyring = read_keys(path) if path.exists() else Keyring()

    def to(self, keyring: Keyring) -> None:
        """Write them. Raises SetupError, and then they are as they were."""
        write_private(self._path, keyring.model_dump_json(indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Make a file that only its owner may read, or replace one in one step: then the new one has
    its owner, group and mode, as far as the writer may give them. Raises SetupError, and then
    nothing has changed.
    """
    try:
        descriptor, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            _give_as(path, descriptor)
            os.fsync(descriptor)
        Path(staged).replace(path)
    except OSError as error:
        Path(staged).unlink(missing_ok=True)
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    sync_folder(path.parent)


def _give_as(replaced: Path, descriptor: int) -> None:
    """The owner last: who gave a file away may not change it any more."""
    if not replaced.exists():
        return
    status = replaced.stat()
    with suppress(PermissionError):
        os.fchown(descriptor, -1, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        os.fchown(descriptor, status.st_uid, -1)

"""A row is made by one process at a time, however many there are in one work folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

CLAIM: Final = "claim"


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Whether this process alone may make the folder's row while the block runs.

    The claim ends with the block, or with the process, however that ends. Raises OSError.
    """
    with (folder / CLAIM).open("w") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""A file that is read at the start, and again when it has changed: as a whole, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")
Stamp = tuple[int, int, int]
"""Time of change, size, inode."""


class WatchedFile(Generic[Content]):
    """The file, and what it said when it was last sound."""

    def __init__(self, path: Path, read: Callable[[Path], Content]) -> None:
        """Raises what ``read`` raises: SetupError for a file that says something wrong."""
        self._path, self._read = path, read
        self._stamp = _stamp(path)
        self.content = read(path)

    def changed(self) -> bool:
        """Whether the file is another one than when it was last looked at; looks at it."""
        before, self._stamp = self._stamp, _stamp(self._path)
        return before != self._stamp

    def reload(self) -> None:
        """Take over what the file says now. Raises SetupError, and then nothing has changed."""
        self.content = self._read(self._path)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

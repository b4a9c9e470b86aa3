"""A file that is read at the start, and again when it has changed: as a whole, or not at all."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from service.errors import SetupError

Content = TypeVar("Content")
Stamp = tuple[int, int, int, int]
"""Time of the last change to what it says, and to anything about it; size, inode."""
_log = logging.getLogger(__name__)


class WatchedFile(Generic[Content]):
    """The file, and what it said when it was last sound."""

    def __init__(self, what: str, path: Path, read: Callable[[Path], Content]) -> None:
        """``what`` the file holds, for the log. Raises what ``read`` raises: SetupError for a file
        that cannot be read or says something wrong.
        """
        self.what, self._path, self._read = what, path, read
        self._stamp = _stamp(path)
        self._trouble: str | None = None
        self.content = read(path)

    def refresh(self) -> None:
        """Take over what the file says now, if it is another one than when it was last read. One
        that cannot be read changes nothing: the log says so, once, and the next call tries again.
        """
        stamp = _stamp(self._path)  # before it is read: what changes meanwhile is read again
        trouble = None
        if stamp != self._stamp:
            try:
                self.content = self._read(self._path)
            except SetupError as error:
                trouble = str(error)
            else:
                self._stamp = stamp
                _log.info("%s were read again", self.what)
        if trouble is not None and trouble != self._trouble:
            _log.error("%s stay as they were: %s", self.what, trouble)
        self._trouble = trouble


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

"""The lines of a text file, one at a time, however large the file is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from service.importing.errors import Unreadable, UnsoundRecord

LONGEST: Final = 4 * 1024 * 1024
"""Bytes of a line that are read; no article that the service takes is longer."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end, and how far into the file it ends (0 to 1)."""

    place: str
    raw: bytes
    share: float

    def text(self) -> str:
        """The line's text. Raises UnsoundRecord where it is too long or not UTF-8."""
        if len(self.raw) > LONGEST:
            raise UnsoundRecord(f"the line is longer than {LONGEST // 1024 // 1024} MiB")
        try:
            return self.raw.decode()
        except UnicodeDecodeError as error:
            raise UnsoundRecord(f"the line is not UTF-8 at byte {error.start}") from error


def read_lines(path: Path) -> Iterator[Line]:
    """The file's lines that are not blank, numbered from 1. Raises Unreadable."""
    try:
        with path.open("rb") as file:
            yield from _lines(file, path)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> Unreadable:
    """The error of a file that cannot be opened or read."""
    return Unreadable(f"{path} cannot be read: {error.strerror or error}")


def _lines(file: BinaryIO, path: Path) -> Iterator[Line]:
    size = path.stat().st_size or 1
    number = 0
    while raw := file.readline(LONGEST + 2):
        number += 1
        line = (
            raw.rstrip(b"\r\n") if number > 1 else raw.rstrip(b"\r\n").removeprefix(BYTE_ORDER_MARK)
        )
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST)
        if line.strip():
            yield Line(f"{path}:{number}", line, min(1.0, file.tell() / size))

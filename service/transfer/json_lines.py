"""An export as JSON lines: the header, a line for each record, the end. Also compressed: gzip."""

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pydantic import BaseModel, ValidationError

from service.transfer.errors import NotAnExport
from service.transfer.records import FORMAT, LINE, VERSION, End, Header, Kind, Record

MAGIC: Final = b"\x1f\x8b"
HEADER_BYTES_AT_MOST: Final = 64 * 1024
TAIL_BYTES: Final = 4_096
PRIVATE: Final = 0o600

Pack = Callable[[bytes], bytes]


def plain(lines: bytes) -> bytes:
    """The lines themselves."""
    return lines


def zipped(lines: bytes) -> bytes:
    """The lines as one gzip member: members that follow each other are one file."""
    return gzip.compress(lines, compresslevel=6, mtime=0)


@dataclass(frozen=True)
class JsonLinesWriter:
    """See ``format.Writer``; how far it reaches is counted in bytes."""

    path: Path
    pack: Pack

    def begin(self, header: Header) -> int:
        """See ``format.Writer``."""
        return self._append([header], 0)

    def go_on(self, reached: int) -> None:
        """See ``format.Writer``."""
        os.truncate(self.path, reached)

    def write(self, number: int, kind: Kind, records: Sequence[Record], reached: int) -> int:
        """See ``format.Writer``."""
        return self._append(records, reached)

    def finish(self, header: Header, end: End, reached: int) -> None:
        """See ``format.Writer``."""
        self._append([end], reached)

    def _append(self, lines: Sequence[BaseModel], reached: int) -> int:
        text = b"".join(f"{line.model_dump_json(exclude_none=True)}\n".encode() for line in lines)
        packed = self.pack(text) if text else b""
        opened = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        with os.fdopen(opened, "ab") as file:
            file.truncate(reached)
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        return reached + len(packed)


@dataclass(frozen=True)
class JsonLinesFile:
    """See ``format.ExportFiles``."""

    path: Path
    header: Header
    total: int | None

    def records(self, skip: int) -> Iterator[Record]:
        """See ``format.ExportFiles``."""
        counts: Counter[Kind] = Counter()
        with _opened(self.path) as file:
            next(file)
            for number, line in enumerate(_lines(file, self.path), start=1):
                if number <= skip and not _ends(line):
                    continue
                found = _parsed(line, f"{self.path}, line {number + 1}")
                if isinstance(found, End):
                    _check(self.path, found, number - 1)
                    return
                counts[found.kind] += 1
                yield found
        raise NotAnExport(f"{self.path} is cut off: its last line is missing")


@dataclass(frozen=True)
class JsonLines:
    """See ``format.Format``."""

    pack: Pack

    def writer(self, path: Path) -> JsonLinesWriter:
        """See ``format.Format``."""
        return JsonLinesWriter(path, self.pack)

    def recognises(self, path: Path) -> bool:
        """See ``format.Format``."""
        return path.is_file() and FORMAT.encode() in _first_line(path)

    def open(self, path: Path) -> JsonLinesFile:
        """See ``format.Format``."""
        header = read_header(_first_line(path), path)
        return JsonLinesFile(path, header, _total(path))


def read_header(text: bytes, path: Path) -> Header:
    """The header. Raises NotAnExport for another format or version."""
    try:
        header = Header.model_validate_json(text)
    except ValidationError as error:
        raise NotAnExport(f"{path} is no state export of Newsstand") from error
    if header.version != VERSION:
        raise NotAnExport(
            f"{path} is a state export of format version {header.version}; this Newsstand reads "
            f"version {VERSION}"
        )
    return header


def _first_line(path: Path) -> bytes:
    try:
        with _opened(path) as file:
            return file.readline(HEADER_BYTES_AT_MOST)
    except (OSError, EOFError) as error:
        raise NotAnExport(f"{path} cannot be read: {error}") from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == MAGIC
    return gzip.open(path) if compressed else path.open("rb")  # type: ignore[return-value]


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except (OSError, EOFError) as error:
        raise NotAnExport(f"{path} cannot be read to its end: {error}") from error


def _parsed(line: bytes, place: str) -> Record | End:
    try:
        return LINE.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NotAnExport(f"{place}: {where}: {first['msg']}") from error


def _ends(line: bytes) -> bool:
    return line.startswith(b'{"kind":"end"')


def _total(path: Path) -> int | None:
    """Told by the last line, where it can be found without reading all."""
    with path.open("rb") as file:
        if file.read(2) == MAGIC:
            return None
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        last = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    if not _ends(last):
        raise NotAnExport(f"{path} is cut off: its last line is missing")
    found = _parsed(last, f"{path}, last line")
    return sum(found.records.values()) if isinstance(found, End) else None


def _check(path: Path, end: End, read: int) -> None:
    if sum(end.records.values()) != read:
        raise NotAnExport(f"{path} holds {read} records, and says {sum(end.records.values())}")

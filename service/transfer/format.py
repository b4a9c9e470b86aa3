"""What every format of an export can do."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from service.transfer.records import End, Header, Kind, Record


class Writer(Protocol):
    """An export in the making. What is written in one call is there whole or not at all."""

    def begin(self, header: Header) -> int:
        """Write the header; how far that reaches."""
        ...

    def go_on(self, reached: int) -> None:
        """Take away whatever lies past ``reached``: it was written in part."""
        ...

    def write(self, number: int, kind: Kind, records: Sequence[Record], reached: int) -> int:
        """Write unit ``number`` after what is there up to ``reached``; durable when this returns
        how far it reaches now.
        """
        ...

    def finish(self, header: Header, end: End, reached: int) -> None:
        """Write the end: the export is whole."""
        ...


class ExportFiles(Protocol):
    """An export that was finished."""

    @property
    def header(self) -> Header:
        """Which export it is."""
        ...

    @property
    def total(self) -> int | None:
        """How many records it holds, None where only reading to its end would tell."""
        ...

    def records(self, skip: int) -> Iterator[Record]:
        """The records after the first ``skip``. Raises NotAnExport where it is damaged or ends
        too early.
        """
        ...


class Format(Protocol):
    """A way to write exports and to read them."""

    def writer(self, path: Path) -> Writer:
        """Writes to ``path``, a file or folder. Raises NoParquet."""
        ...

    def recognises(self, path: Path) -> bool:
        """Whether what lies there says that it is a state export in this format."""
        ...

    def open(self, path: Path) -> ExportFiles:
        """What lies there. Raises NotAnExport, NoParquet."""
        ...

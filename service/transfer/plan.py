"""What an export is to hold, written down before it begins, so that it can go on where it ended.

A folder of files, a line for each record: its owner and details. Owners are spread over the files
by a checksum and sorted within each, so that a plan's units come in the same order each time and
two exports of one state are alike.
"""

import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from shutil import rmtree
from typing import Final

from model_store.files import sync_folder
from service.transfer.records import KINDS, Kind
from service.transfer.store import Name, Wanted

FILES: Final[Mapping[Kind, int]] = {"article": 64, "reader": 64, "counter": 1, "experiment": 1}
UNIT: Final[Mapping[Kind, int]] = {"article": 2_000, "reader": 2_000, "counter": 1, "experiment": 8}
"""How many owners' records are written whole or not at all."""
SEPARATOR: Final = "\t"


@dataclass(frozen=True, slots=True)
class Unit:
    """Records of one kind that are read and written together."""

    kind: Kind
    wanted: Sequence[Wanted]


@dataclass(frozen=True)
class Plan:
    """The plan in ``folder``, which is there whole or not at all."""

    folder: Path

    @property
    def made(self) -> bool:
        """Whether it is there."""
        return self.folder.is_dir()

    async def make(self, names: AsyncIterator[Name]) -> None:
        """Write all names down; memory does not grow with them."""
        staged = self.folder.with_suffix(".new")
        rmtree(staged, ignore_errors=True)
        staged.mkdir()
        with ExitStack() as stack:
            files = {
                (kind, number): stack.enter_context(_file(staged, kind, number).open("w"))
                for kind in KINDS
                for number in range(FILES[kind])
            }
            async for name in names:
                number = zlib.crc32(name.owner.encode()) % FILES[name.kind]
                files[name.kind, number].write(f"{name.owner}{SEPARATOR}{name.detail}\n")
        staged.rename(self.folder)
        sync_folder(self.folder.parent)

    def units(self) -> Iterator[Unit]:
        """All units, always the same in the same order."""
        for kind in KINDS:
            for number in range(FILES[kind]):
                wanted = _wanted(_file(self.folder, kind, number))
                for first in range(0, len(wanted), UNIT[kind]):
                    yield Unit(kind, wanted[first : first + UNIT[kind]])

    def count(self) -> int:
        """How many units there are."""
        return sum(1 for _ in self.units())


def _file(folder: Path, kind: Kind, number: int) -> Path:
    return folder / f"{kind}-{number:02}"


def _wanted(file: Path) -> list[Wanted]:
    lines = sorted(set(file.read_text().splitlines()))
    pairs = (line.partition(SEPARATOR)[::2] for line in lines)
    return [
        Wanted(owner, tuple(detail for _, detail in of_owner if detail))
        for owner, of_owner in groupby(pairs, key=lambda pair: pair[0])
    ]

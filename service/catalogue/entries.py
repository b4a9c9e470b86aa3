"""What is known of some rows, looked up one by one when it is asked for."""

from collections.abc import Callable, Sequence
from typing import overload

from service.catalogue.entry import Entry
from service.ports import RowIds


class Entries(Sequence[Entry]):
    """The entries of some rows. Most candidates are never looked at: to touch them costs more."""

    def __init__(self, entry_of: Callable[[int], Entry], rows: RowIds) -> None:
        self._entry_of, self._rows = entry_of, rows
        self._held: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> "Entries": ...
    def __getitem__(self, position: int | slice) -> "Entry | Entries":
        if isinstance(position, slice):
            return Entries(self._entry_of, self._rows[position])
        held = self._held.get(position)
        if held is None:
            held = self._held[position] = self._entry_of(int(self._rows[position]))
        return held

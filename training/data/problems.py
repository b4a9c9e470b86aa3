"""What is wrong with a data file: an error at once, or, where it may be skipped, a count."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.errors import UnreadableData

LINE: Final = "{path}:{number}"
ROW: Final = "{path}: row {number}"
"""How a place in a file is named; a file without lines has rows."""


class Problems:
    """Bad lines met while reading. The first raises; with ``skip`` each is left out and counted."""

    def __init__(self, *, skip: bool = False) -> None:
        self.skip = skip
        self.counts: Counter[str] = Counter()
        """How many lines were skipped, by file and what was expected."""

    def meet(
        self,
        path: Path,
        lines: Sequence[int],
        expected: str,
        found: Sequence[str],
        place: str = LINE,
    ) -> None:
        """Lines (from 1, ascending) of ``path`` do not hold what was expected.

        Raises UnreadableData for the first of them, unless they are to be skipped.
        """
        if lines and not self.skip:
            raise wrong(path, lines[0], expected, found[0], place)
        if lines:
            self.counts[f"{path}: expected {expected}"] += len(lines)

    @property
    def skipped(self) -> int:
        """How many lines were left out."""
        return sum(self.counts.values())


def wrong(path: Path, line: int, expected: str, found: str, place: str = LINE) -> UnreadableData:
    """The error for one line."""
    where = place.format(path=path, number=line)
    return UnreadableData(f"{where}: expected {expected}, found {found}")

"""Which segments a new generation keeps, and which it writes anew: the cost follows what is new.

A segment joins the new rows while it is less than ``FANOUT`` times as large as what it joins, so a
row is written about once for each tier, and there are few segments. One whose rows have mostly
died is written anew by itself; one that has none left is dropped.
"""

from collections.abc import Sequence
from typing import Final

FANOUT: Final = 4
DEAD_SHARE: Final = 0.25


def joining(alive: Sequence[int], new: int) -> int:
    """How many of the last segments, of so many live rows each, join ``new`` rows in one."""
    joined, count = new, 0
    for rows in reversed(alive):
        if rows >= FANOUT * joined:
            break
        joined, count = joined + rows, count + 1
    return count


def worn(alive: int, rows: int) -> bool:
    """Whether a segment of so many rows is to be written anew for the dead ones."""
    return rows - alive > DEAD_SHARE * rows

"""Many articles, asked for a piece at a time."""

from collections.abc import Sequence
from typing import Final, TypeVar

ASKED_AT_ONCE: Final = 100
"""Few enough that requests between two pieces do not wait for long."""
T = TypeVar("T")


def pieces(articles: Sequence[T]) -> list[Sequence[T]]:
    """What is given, in pieces that are asked for at once."""
    starts = range(0, len(articles), ASKED_AT_ONCE)
    return [articles[start : start + ASKED_AT_ONCE] for start in starts]

"""What a person at the terminal sees while something takes its time. Elsewhere it is silent."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def tracked(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """``items`` one by one, under a bar that says ``what`` is being done."""
    console = Console(stderr=True)
    yield from track(
        items, what, total, console=console, transient=True, disable=not console.is_terminal
    )


@contextmanager
def working(what: str) -> Iterator[None]:
    """A sign of life beside ``what`` while the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield

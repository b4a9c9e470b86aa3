"""What a person at the terminal sees while something takes its time. Elsewhere it is silent."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, track

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


def said(line: str) -> None:
    """A line on standard error, on a terminal or not: news of something that takes its time."""
    Console(stderr=True, highlight=False).print(line)


class Bar:
    """A bar for a loop that counts its own steps, with words that change beside it."""

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._what = what
        self._task = self._progress.add_task(what, total=total, completed=done)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, words: str) -> None:
        """One step further."""
        self._progress.update(self._task, advance=1, description=f"{self._what}: {words}")

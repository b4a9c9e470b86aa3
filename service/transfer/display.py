"""What a person sees of an export or import while it runs: a bar and the records so far."""

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.transfer.records import KINDS, Kind


class Display:
    """The bar, on a terminal alone, for the time of a block."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[records]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(name, total=None, records="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, done: int, total: int | None, counts: Counter[Kind]) -> None:
        """Show that ``done`` of ``total`` is done."""
        self._progress.update(self._task, completed=done, total=total, records=said(counts))

    def say(self, line: str) -> None:
        """One line for people, as it is."""
        self._console.print(Text(line), soft_wrap=True)


def said(counts: Counter[Kind]) -> str:
    """Such as ``2 articles, 1 reader``."""
    parts = [f"{counts[k]:,} {k}{'s' if counts[k] != 1 else ''}" for k in KINDS if counts[k]]
    return ", ".join(parts) or "no records"

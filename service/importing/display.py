"""What a person sees of an import while it runs: a bar, and the first rejections."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from service.importing.report import Rejection

PARTS: Final = 1_000_000
"""What the bar counts: millionths of the source."""
SHOWN: Final = 20
"""How many rejections are listed; the rest are counted."""


class Display:
    """The bar (on a terminal alone) and the list of rejections, for the time of a block."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[accepted]:,} articles ({task.fields[rate]:,.0f}/s)"),
            TextColumn("{task.fields[rejected]:,} rejected"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(name, total=PARTS, accepted=0, rate=0.0, rejected=0)
        self._rejected = 0
        self._began = time.monotonic()

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
        if self._rejected > SHOWN:
            self.say(f"and {self._rejected - SHOWN:,} more rejected")

    def begin(self, share: float) -> None:
        """Count time and rate from here on, ``share`` (0 to 1) into the source."""
        self._began = time.monotonic()
        self._progress.reset(self._task, completed=round(share * PARTS))

    def advance(self, share: float, accepted: int, rejections: Sequence[Rejection]) -> None:
        """Show that the source is imported up to ``share``, with ``accepted`` articles so far."""
        for number, rejection in enumerate(rejections, start=self._rejected + 1):
            if number <= SHOWN:
                self.say(f"{rejection.place}: {rejection.reason}")
        self._rejected += len(rejections)
        rate = accepted / max(time.monotonic() - self._began, 1e-3)
        self._progress.update(
            self._task,
            completed=round(share * PARTS),
            accepted=accepted,
            rate=rate,
            rejected=self._rejected,
        )

    def say(self, line: str) -> None:
        """One line for people, as it is: brackets in a source's text are no markup."""
        self._console.print(Text(line), soft_wrap=True)

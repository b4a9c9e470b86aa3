"""What callers ask for: a demand for each call, a text for each that is to be encoded.

Shapes: N news, D dimensions.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from model_store.inputs import NewsInputs
from model_store.tokens import NewsTokens, Shape
from service.ports import Encoder, Vectors


class Urgency(IntEnum):
    """Of a text: that of the most urgent call which asked for it."""

    BACKGROUND = 0
    MANY = 1
    """It came with many others."""
    FEW = 2
    """It came alone, or almost."""


@dataclass(eq=False, slots=True)
class Demand:
    """One call: the vectors that it has so far, and the future that its caller awaits."""

    vectors_ND: Vectors
    missing: int
    future: asyncio.Future[Vectors]
    texts: list["Text"] = field(default_factory=list)

    @classmethod
    def of(cls, count: int, dimension: int) -> "Demand":
        """A call from the running event loop, for so many vectors."""
        future = asyncio.get_running_loop().create_future()
        return cls(np.empty((count, dimension), np.float16), count, future)

    def settle(self, failure: Callable[[], Exception] | None) -> None:
        """Give the caller its vectors, or a failure of its own. Called in its event loop."""
        if self.future.done():
            return
        if failure is None:
            self.future.set_result(self.vectors_ND)
        else:
            self.future.set_exception(failure())


@dataclass(eq=False, slots=True)
class Text:
    """One text on its way through a model, however many callers wait for it."""

    model: Encoder
    news: NewsInputs
    number: int
    """In the order in which texts came."""
    tokens_expected: int
    urgency: Urgency
    wanted: list[tuple[Demand, int]] = field(default_factory=list)
    """Who waits for it, and the row of theirs that is its."""
    tokens: NewsTokens | None = None
    shape: Shape = ()
    in_hand: bool = False
    """The thread has it, among those that it tokenises or runs."""


def settle(demands: Sequence[Demand], failure: Callable[[], Exception] | None = None) -> None:
    """Give callers their vectors or a failure, from any thread: one hop for each event loop."""

    def settle_theirs(theirs: Sequence[Demand]) -> None:
        for demand in theirs:
            demand.settle(failure)

    of_loop: dict[asyncio.AbstractEventLoop, list[Demand]] = {}
    for demand in demands:
        of_loop.setdefault(demand.future.get_loop(), []).append(demand)
    for loop, theirs in of_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle_theirs, theirs)

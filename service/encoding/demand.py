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
from service.errors import EncodingFailed
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
    """So many rows have neither a vector nor a failure yet."""
    future: asyncio.Future[Vectors]
    texts: list["Text"] = field(default_factory=list)
    failed: dict[int, Exception] = field(default_factory=dict)
    """Rows that the model could not encode, and why."""

    @classmethod
    def of(cls, count: int, dimension: int) -> "Demand":
        """A call from the running event loop, for so many vectors."""
        future = asyncio.get_running_loop().create_future()
        return cls(np.empty((count, dimension), np.float16), count, future)

    def encoded(self, row: int, vector_D: Vectors) -> bool:
        """A row has its vector; whether nothing is missing any more."""
        self.vectors_ND[row] = vector_D
        self.missing -= 1
        return not self.missing

    def not_encoded(self, row: int, cause: Exception) -> bool:
        """A row will have none; whether nothing is missing any more."""
        self.failed[row] = cause
        self.missing -= 1
        return not self.missing

    def settle(self, refusal: Callable[[], Exception] | None) -> None:
        """Give the caller its vectors, or an error of its own. Called in its event loop."""
        if self.future.done():
            return
        if refusal is not None:
            self.future.set_exception(refusal())
        elif self.failed:
            self.future.set_exception(self._failure())
        else:
            self.future.set_result(self.vectors_ND)

    def _failure(self) -> Exception:
        positions = tuple(sorted(self.failed))
        cause = self.failed[positions[0]]
        error = EncodingFailed(
            f"{len(positions)} of {len(self.vectors_ND)} texts were not encoded: "
            f"{type(cause).__name__}",
            positions,
        )
        error.__cause__ = cause
        return error


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
    """A thread has it, among those that it tokenises or runs."""


def settle(demands: Sequence[Demand], refusal: Callable[[], Exception] | None = None) -> None:
    """Give callers what they asked for, or refuse them, from any thread: one hop for each event
    loop.
    """

    def settle_theirs(theirs: Sequence[Demand]) -> None:
        for demand in theirs:
            demand.settle(refusal)

    of_loop: dict[asyncio.AbstractEventLoop, list[Demand]] = {}
    for demand in demands:
        of_loop.setdefault(demand.future.get_loop(), []).append(demand)
    for loop, theirs in of_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle_theirs, theirs)

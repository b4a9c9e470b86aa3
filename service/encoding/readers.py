"""Readers under models with a user encoder: one thread, in which those who come together are
encoded together.

It never waits while there is work: whenever it is free it takes the oldest history, and with it
those of the same model and length, so that nothing is padded. So batches fill under load, and a
reader alone is not held up. Explanations are prepared in between, piece by piece.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from model_store.user_models import Attention, Interest
from service.errors import EncodingFailed, Unavailable
from service.ports import Vectors

Outcome = Callable[[asyncio.Future[Any]], None]
"""Gives a future its result or its failure."""


@dataclass(eq=False, slots=True)
class Asked:
    """A history, and the future that its reader's request awaits."""

    users: Attention
    history_HD: Vectors
    user_id: str | None
    future: asyncio.Future[Interest]

    def goes_with(self, other: "Asked") -> bool:
        """Whether both may be in one batch."""
        return (
            self.users is other.users
            and len(self.history_HD) == len(other.history_HD)
            and self.future.get_loop() is other.future.get_loop()
        )


@dataclass(eq=False, slots=True)
class Explaining:
    """An explanation in preparation."""

    steps: Iterator[None]
    future: asyncio.Future[None]


class Readers:
    """The user encoders of a process. There is no thread until a history comes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asked: deque[Asked] = deque()
        self._explaining: deque[Explaining] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def interest(
        self, users: Attention, history_HD: Vectors, user_id: str | None
    ) -> Interest:
        """The interest that a history shows, as ``Attention.interest`` gives it.

        To cancel it is to give up; others of its batch are not concerned. Raises EncodingFailed,
        or Unavailable once it is closed.
        """
        future: asyncio.Future[Interest] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._ask()
            self._asked.append(Asked(users, history_HD, user_id, future))
        return await future

    async def prepare(self, interest: Interest) -> None:
        """Let the interest explain at once. Histories go first. Raises like ``interest``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._ask()
            self._explaining.append(Explaining(interest.prepare(), future))
        await future

    def close(self) -> None:
        """Refuse all that waits, let the running batch end, and stop."""
        with self._changed:
            self._closed = True
            waiting: list[asyncio.Future[Any]] = [asked.future for asked in self._asked]
            waiting += [explaining.future for explaining in self._explaining]
            self._asked.clear()
            self._explaining.clear()
            self._changed.notify()
        for future in waiting:
            _settle([(future, _failed(_stopping()))])
        if self._thread is not None:
            self._thread.join()

    def _ask(self) -> None:
        if self._closed:
            raise _stopping()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="readers", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _work(self) -> None:
        while self._step():
            pass

    def _step(self) -> bool:
        """Do the next piece of work, once there is one; False when there will be none."""
        with self._changed:
            while not (batch := self._next_batch()) and not self._explaining:
                if self._closed:
                    return False
                self._changed.wait()
            explaining = None if batch else self._explaining.popleft()
        if explaining is None:
            _settle(_encoded(batch))
        elif not explaining.future.done():
            self._prepare(explaining)
        return True

    def _next_batch(self) -> list[Asked]:
        """The oldest history that is still waited for, with those that go with it."""
        wanted = [asked for asked in self._asked if not asked.future.done()]
        batch: list[Asked] = []
        if wanted:
            oldest = wanted[0]
            alike = [asked for asked in wanted if asked.goes_with(oldest)]
            batch = alike[: oldest.users.encoder.at_once(len(oldest.history_HD))]
        self._asked = deque(asked for asked in wanted if asked not in batch)
        return batch

    def _prepare(self, explaining: Explaining) -> None:
        """One piece of it."""
        try:
            next(explaining.steps)
        except StopIteration:
            _settle([(explaining.future, _found(None))])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to who waits
            _settle([(explaining.future, _failed(_failing(error)))])
        else:
            with self._changed:
                self._explaining.appendleft(explaining)


def _encoded(batch: Sequence[Asked]) -> list[tuple[asyncio.Future[Any], Outcome]]:
    """What becomes of each; where a batch fails, each is tried alone, so that none fails for
    another's sake.
    """
    try:
        found = batch[0].users.interests(
            [asked.history_HD for asked in batch], [asked.user_id for asked in batch]
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told to who waits
        if len(batch) > 1:
            return [outcome for asked in batch for outcome in _encoded([asked])]
        return [(batch[0].future, _failed(_failing(error)))]
    return [(asked.future, _found(interest)) for asked, interest in zip(batch, found, strict=True)]


def _settle(outcomes: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    """Give futures of one event loop what became of them, from any thread, in one hop."""

    def settle() -> None:
        for future, outcome in outcomes:
            if not future.done():
                outcome(future)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        outcomes[0][0].get_loop().call_soon_threadsafe(settle)


def _found(result: object) -> Outcome:
    return lambda future: future.set_result(result)


def _failed(error: Exception) -> Outcome:
    return lambda future: future.set_exception(error)


def _failing(cause: Exception) -> Exception:
    error = EncodingFailed(f"a history was not encoded: {type(cause).__name__}")
    error.__cause__ = cause
    return error


def _stopping() -> Exception:
    return Unavailable("the service is stopping")

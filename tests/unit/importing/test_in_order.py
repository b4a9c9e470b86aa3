import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.importing.in_order import send_in_order


class Flights:
    """Batches whose answers come when, and in the order in which, a test lets them."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.acknowledged: list[tuple[int, str]] = []
        self.given_up: list[int] = []
        self.answers: dict[int, asyncio.Future[str]] = {}

    async def send(self, batch: int) -> str:
        self.begun.append(batch)
        self.answers[batch] = asyncio.get_running_loop().create_future()
        try:
            return await self.answers[batch]
        except asyncio.CancelledError:
            self.given_up.append(batch)
            raise

    def acknowledge(self, batch: int, answer: str) -> None:
        self.acknowledged.append((batch, answer))

    def all_of(self, number: int, width: int = 2) -> Coroutine[Any, Any, None]:
        return send_in_order(range(number), self.send, self.acknowledge, width)


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_later_answer_waits_for_the_earlier_one() -> None:
    async def scenario() -> None:
        flights = Flights()
        task = asyncio.create_task(flights.all_of(3))
        await settled()
        assert flights.begun == [0, 1]
        flights.answers[1].set_result("second")
        await settled()
        assert (flights.begun, flights.acknowledged) == ([0, 1], [])
        flights.answers[0].set_result("first")
        await settled()
        assert flights.begun == [0, 1, 2]
        flights.answers[2].set_result("third")
        await task
        assert flights.acknowledged == [(0, "first"), (1, "second"), (2, "third")]

    asyncio.run(scenario())


@given(st.integers(0, 9), st.integers(1, 4))
def test_all_are_sent_once_and_no_more_than_the_width_at_a_time(number: int, width: int) -> None:
    flying: set[int] = set()
    seen: list[int] = []

    async def send(batch: int) -> int:
        flying.add(batch)
        assert len(flying) <= width
        await asyncio.sleep(0)
        flying.discard(batch)
        return -batch

    def acknowledge(batch: int, answer: int) -> None:
        assert answer == -batch
        seen.append(batch)

    asyncio.run(send_in_order(range(number), send, acknowledge, width))
    assert seen == list(range(number))


def test_a_failure_comes_after_what_was_before_it_and_ends_what_is_on_its_way() -> None:
    async def scenario() -> None:
        flights = Flights()
        task = asyncio.create_task(flights.all_of(9, width=3))
        await settled()
        flights.answers[1].set_exception(RuntimeError("broken"))
        flights.answers[0].set_result("fine")
        with pytest.raises(RuntimeError, match="broken"):
            await task
        assert flights.acknowledged == [(0, "fine")]
        assert flights.begun == [0, 1, 2]
        assert flights.given_up == [2]

    asyncio.run(scenario())


def test_being_cancelled_gives_up_everything_on_its_way() -> None:
    async def scenario() -> None:
        flights = Flights()
        task = asyncio.create_task(flights.all_of(9))
        await settled()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert flights.given_up == [0, 1]

    asyncio.run(scenario())


def test_a_source_that_fails_ends_it() -> None:
    def source() -> Iterator[int]:
        yield 0
        raise OSError("gone")

    flights = Flights()
    with pytest.raises(OSError, match="gone"):
        asyncio.run(send_in_order(source(), flights.send, flights.acknowledge, width=2))
    assert flights.acknowledged == []

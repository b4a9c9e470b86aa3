"""What a client says about how long it waits."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.types import Message

from service.api.patience import (
    BATCH_SECONDS,
    ClientPatience,
    patience_seconds,
    preferred_seconds,
)
from service.errors import ClientGone, Overloaded


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["wait=10"], 10),
        (["WAIT = 7"], 7),
        (['wait="5"'], 5),
        (["respond-async, wait=3"], 3),
        (["respond-async", "wait=4; why=slow"], 4),
        (["wait=1, wait=2"], 1),
        (["wait=0"], 0),
        ([], None),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=soon"], None),
        (["wait=99999999999999999999"], None),
        (["waiting=3"], None),
        (["handling=lenient; wait=3"], None),
    ],
)
def test_the_preference_is_read_where_it_is_well_formed(
    headers: list[str], seconds: float | None
) -> None:
    assert preferred_seconds(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [([], 30), (["wait=7"], 7), (["wait=0"], 0), (["wait=999999999"], BATCH_SECONDS)],
)
def test_a_client_is_waited_for_as_it_prefers_but_not_forever(
    headers: list[str], seconds: float
) -> None:
    assert patience_seconds(headers, 30) == seconds


def gone() -> Counter:
    return Counter("gone", "Clients", registry=CollectorRegistry())


async def silent() -> Message:
    """A client that stays, and says nothing."""
    await asyncio.Event().wait()
    raise AssertionError


async def hangs_up() -> Message:
    return {"type": "http.disconnect"}


async def hangs(cancelled: list[bool]) -> None:
    """An encoding that has no end."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.append(True)
        raise


def test_what_is_encoded_in_time_is_given() -> None:
    async def scenario() -> None:
        async def encoding() -> int:
            await asyncio.sleep(0)
            return 7

        assert await ClientPatience(silent, 60, gone())(encoding()) == 7

    asyncio.run(scenario())


def test_an_error_of_the_encoding_is_its_own() -> None:
    async def scenario() -> None:
        async def encoding() -> int:
            raise ValueError("its own")

        with pytest.raises(ValueError, match="its own"):
            await ClientPatience(silent, 60, gone())(encoding())

    asyncio.run(scenario())


def test_the_encoding_is_cancelled_when_the_time_is_over_or_the_client_gone() -> None:
    async def scenario() -> None:
        cancelled: list[bool] = []
        counter = gone()
        with pytest.raises(Overloaded):
            await ClientPatience(silent, 0, counter)(hangs(cancelled))
        with pytest.raises(ClientGone):
            await ClientPatience(hangs_up, 60, counter)(hangs(cancelled))
        assert cancelled == [True, True]
        assert counter._value.get() == 1

    asyncio.run(scenario())


def test_the_encoding_is_cancelled_with_its_request() -> None:
    async def scenario() -> None:
        cancelled: list[bool] = []
        patience = ClientPatience(silent, 60, gone())
        request = asyncio.create_task(patience(hangs(cancelled)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
        assert request.cancelled()
        assert cancelled == [True]

    asyncio.run(scenario())

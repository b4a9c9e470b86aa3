import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsstand_client.call import Call
from newsstand_client.errors import Unreachable
from newsstand_client.patience import Patience, Tries

seconds = st.floats(0, 1_000)


@given(st.integers(1, 20), seconds, st.none() | seconds)
def test_no_try_comes_earlier_than_asked_for_nor_after_the_time_is_over(
    tried: int, passed: float, retry_after: float | None
) -> None:
    patience = Patience(tries=10, seconds=60)
    pause = patience.pause(tried, passed, retry_after)
    if tried >= 10 or passed > 60 or (retry_after or 0) > 60:
        assert pause is None
    if pause is not None:
        assert passed + pause <= 60
        assert pause >= (retry_after or 0)
        if retry_after is None:
            assert 0 < pause <= patience.longest_pause


def test_pauses_grow_and_differ() -> None:
    patience = Patience(tries=100, seconds=1_000)
    first = {patience.pause(1, 0, None) for _ in range(50)}
    fifth = {patience.pause(5, 0, None) for _ in range(50)}
    assert len(first) > 40
    assert max(pause for pause in first if pause) < min(pause for pause in fifth if pause)
    assert len({patience.pause(1, 0, 3.0) for _ in range(50)}) > 40


def test_the_time_that_tries_take_counts() -> None:
    now = 0.0
    tries = Tries(Call("GET", "/v1/trending"), Patience(tries=10, seconds=60), clock=lambda: now)
    assert tries.failed(httpx.ReadTimeout("")) < 1
    now = 59.99
    with pytest.raises(Unreachable, match="ReadTimeout") as caught:
        tries.failed(httpx.ReadTimeout(""))
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)

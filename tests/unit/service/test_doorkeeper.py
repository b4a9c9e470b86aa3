"""Who is let in, and how often, by a clock of the test's own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.api_key import Keyring, KeyScope, new_key
from service.domain.doorkeeper import Doorkeeper
from service.domain.token_bucket import TokenBucket
from service.errors import NoKey, RateLimited, UnknownKey


def keyring(*rates: float | None) -> tuple[list[str], Keyring]:
    made = [
        new_key(f"key-{n}", [KeyScope.READ], rate, datetime(2026, 5, 1, tzinfo=UTC))
        for n, rate in enumerate(rates)
    ]
    return [shown for shown, _ in made], Keyring(keys=tuple(kept for _, kept in made))


def admitted(doorkeeper: Doorkeeper, shown: str, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            doorkeeper.admit(shown)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_full_bucket_gives_a_seconds_worth_and_then_as_fast_as_it_fills() -> None:
    bucket = TokenBucket(4.0, 100.0)
    assert [bucket.take(100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.25]
    assert bucket.take(100.25) == 0.0
    assert bucket.take(100.5) == 0.0
    assert bucket.take(100.625) == pytest.approx(0.125)
    assert [bucket.take(900.0) for _ in range(5)].count(0.0) == 4


def test_a_slow_bucket_holds_one() -> None:
    bucket = TokenBucket(0.1, 0.0)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(0.0) == pytest.approx(10.0)
    assert bucket.take(10.0) == 0.0


@given(
    rate=st.floats(0.01, 1_000),
    pauses=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=200),
)
def test_no_more_is_ever_given_than_came_in(rate: float, pauses: list[float]) -> None:
    bucket, now, given_away = TokenBucket(rate, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        given_away += bucket.take(now) == 0.0
    assert given_away <= max(1.0, rate) + rate * now + 1e-6


def test_each_key_has_a_rate_of_its_own_or_the_usual_one() -> None:
    (own, usual), keys = keyring(2.0, None)
    now = 0.0
    doorkeeper = Doorkeeper(lambda: keys, 5.0, 1, lambda: now)
    assert admitted(doorkeeper, own, 20) == 2
    assert admitted(doorkeeper, usual, 20) == 5
    now = 1.0
    assert admitted(doorkeeper, own, 20) == 2


def test_processes_share_a_rate() -> None:
    (shown,), keys = keyring(8.0)
    doorkeepers = [Doorkeeper(lambda: keys, None, 4, lambda: 0.0) for _ in range(4)]
    assert sum(admitted(each, shown, 20) for each in doorkeepers) == 8


def test_without_a_rate_there_is_no_limit() -> None:
    (shown,), keys = keyring(None)
    assert admitted(Doorkeeper(lambda: keys, None, 1, lambda: 0.0), shown, 1_000) == 1_000


def test_a_client_is_told_when_to_come_back() -> None:
    (shown,), keys = keyring(0.1)
    doorkeeper = Doorkeeper(lambda: keys, None, 1, lambda: 0.0)
    doorkeeper.admit(shown)
    with pytest.raises(RateLimited) as refused:
        doorkeeper.admit(shown)
    assert refused.value.retry_after_seconds == 10


def test_a_new_rate_counts_at_once_and_a_revoked_key_no_more() -> None:
    (shown,), keys = keyring(1.0)
    current = keys
    doorkeeper = Doorkeeper(lambda: current, None, 1, lambda: 0.0)
    assert admitted(doorkeeper, shown, 9) == 1
    current = Keyring(keys=(keys.keys[0].model_copy(update={"requests_per_second": 3.0}),))
    assert admitted(doorkeeper, shown, 9) == 3
    current = Keyring()
    with pytest.raises(UnknownKey):
        doorkeeper.admit(shown)
    with pytest.raises(NoKey):
        doorkeeper.admit(None)

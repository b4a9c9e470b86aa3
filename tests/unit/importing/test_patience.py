from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.importing.patience import Patience, retry_after_seconds

NOW = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)


@given(st.integers(1, 7))
def test_without_word_from_the_service_the_wait_doubles_up_to_a_limit(attempt: int) -> None:
    patience = Patience(attempts=8, first_seconds=1, longest_seconds=10)
    longest = min(10, 2 ** (attempt - 1))
    pause = patience.pause(attempt, None)
    assert pause is not None
    assert longest / 2 <= pause <= longest


@given(st.integers(1, 7), st.floats(0, 120))
def test_the_service_is_left_alone_for_as_long_as_it_asks(attempt: int, asked: float) -> None:
    pause = Patience(first_seconds=1, longest_seconds=10).pause(attempt, asked)
    assert pause is not None
    assert asked <= pause <= asked + 5


def test_patience_ends() -> None:
    assert Patience(attempts=3).pause(3, None) is None
    assert Patience(attempts=3).pause(1, 121.0) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("Fri, 01 May 2026 08:00:30 GMT", 30.0),
        ("Fri, 01 May 2026 07:00:00 GMT", 0.0),
        ("Fri, 01 May 2026 08:00:30 -0000", 30.0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds

"""The background's share: of the time of all threads, whatever they do and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.encoding.share import BackgroundShare

MOST_SECONDS = 3.0


@given(
    part=st.floats(0.05, 1.0),
    threads=st.integers(1, 4),
    pieces=st.lists(st.floats(0.01, MOST_SECONDS), min_size=20, max_size=60),
)
def test_no_more_than_its_part_is_had_but_for_what_each_thread_had_begun(
    part: float, threads: int, pieces: list[float]
) -> None:
    share = BackgroundShare(part, threads)
    running: list[tuple[float, float]] = []  # when each ends, and how long it took
    now, had = 0.0, 0.0
    for seconds in pieces:
        while running and (share.rest(now) or len(running) == threads):
            ended, took = min(running)
            running.remove((ended, took))
            now = max(now, ended)
            share.had(ended - took, took)
            had += took
        now += share.rest(now)
        running.append((now + seconds, seconds))
        assert had <= part * threads * now + threads * MOST_SECONDS + 1e-6


@pytest.mark.parametrize(("part", "threads", "rest"), [(0.5, 1, 2.0), (0.25, 2, 2.0), (1.0, 1, 0)])
def test_a_rest_makes_up_for_what_was_had(part: float, threads: int, rest: float) -> None:
    share = BackgroundShare(part, threads)
    assert share.rest(100.0) == 0
    share.had(100.0, 2.0)
    assert share.rest(102.0) == rest
    assert share.rest(102.0 + rest) == 0

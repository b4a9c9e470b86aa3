"""Splitting by time, and training that reaches into what is evaluated."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import impressions, log_of, news_of, seen
from training.data.impressions import Impression, ImpressionLog
from training.data.splits import check_no_leak, on_days, split_last_day
from training.errors import BadRecipe, Leak

some_impressions = st.lists(impressions, min_size=1, max_size=8)


def after(*hours: float) -> ImpressionLog:
    return log_of(*(seen({"a": 1, "b": 0}, hours=hour) for hour in hours))


def hours_of(log: ImpressionLog) -> list[str]:
    return [impression_id.rpartition(" ")[2] for impression_id in log.ids]


def test_the_last_day_is_split_off_at_midnight() -> None:
    training, last = split_last_day(after(0, 60, 47.99, 48, 1))
    assert hours_of(training) == ["0", "47.99", "1"]
    assert hours_of(last) == ["60", "48"]


@pytest.mark.parametrize("hours", [(0, 5, 23.9), (30,)])
def test_a_log_of_one_day_cannot_be_split(hours: tuple[float, ...]) -> None:
    with pytest.raises(BadRecipe, match="a log of one day cannot be split by time; it has 2019-11"):
        split_last_day(after(*hours))


def test_an_empty_log_cannot_be_split() -> None:
    with pytest.raises(BadRecipe, match="it has none"):
        split_last_day(after())


@given(some_impressions)
def test_a_split_loses_nothing_and_never_leaks(some: list[Impression]) -> None:
    log = log_of(*some)
    if len({impression.time.date() for impression in some}) == 1:
        with pytest.raises(BadRecipe):
            split_last_day(log)
        return
    training, last = split_last_day(log)
    assert sorted([*training.ids, *last.ids]) == sorted(log.ids)
    assert {moment.date() for moment in last.times.tolist()} == {max(i.time for i in some).date()}
    check_no_leak(training, last)


@given(some_impressions, some_impressions)
def test_training_must_end_before_what_is_evaluated_begins(
    first: list[Impression], second: list[Impression]
) -> None:
    news = news_of(*first, *second)
    training, evaluated = ImpressionLog.of(news, first), ImpressionLog.of(news, second)
    if max(i.time for i in first) < min(i.time for i in second):
        check_no_leak(training, evaluated)
        return
    with pytest.raises(Leak):
        check_no_leak(training, evaluated)


def test_a_leak_names_both_times() -> None:
    with pytest.raises(Leak) as raised:
        check_no_leak(after(1, 30.5), after(26, 40))
    message = str(raised.value)
    assert "training reaches to 2019-11-14 06:30:00" in message
    assert "what is evaluated begins at 2019-11-14 02:00:00" in message


def test_the_same_second_is_a_leak_already() -> None:
    with pytest.raises(Leak):
        check_no_leak(after(5), after(5))


def test_a_log_without_impressions_leaks_nothing() -> None:
    check_no_leak(after(), after(1))
    check_no_leak(after(1), after())


def test_days_are_whole_on_both_ends() -> None:
    log = after(23.9, 24, 50, 71.9, 72)
    chosen = on_days(log, date(2019, 11, 14), date(2019, 11, 15))
    assert hours_of(chosen) == ["24", "50", "71.9"]


def test_days_without_an_impression_are_refused_and_those_with_some_named() -> None:
    with pytest.raises(BadRecipe, match="from 2020-01-01 to 2020-01-02; it has 2019-11-13 to 2019"):
        on_days(after(0, 30), date(2020, 1, 1), date(2020, 1, 2))

"""The day, the newsroom's plan, who comes, and where the load may go."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest import day, newsroom
from loadtest.profiles import PROFILES, Profile
from loadtest.readers import Readership
from loadtest.target import Refused, checked

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@given(st.floats(0, 1))
def test_somebody_is_always_there_and_never_more_than_the_crowd(moment: float) -> None:
    assert 0 < day.present(moment) <= 1


def test_most_come_while_the_big_story_lasts() -> None:
    moments = [step / 1000 for step in range(1001)]
    assert day.big_story(max(moments, key=day.present))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_newsroom_does_everything_within_the_time(profile: Profile) -> None:
    deeds = newsroom.plan(profile.newsroom, profile.seconds, random.Random(1))
    assert deeds == sorted(deeds)
    assert all(0 < deed.due < profile.seconds for deed in deeds)
    assert {"article", "burst", "look", "correct", "withdraw"} == {deed.what for deed in deeds}


def test_a_burst_is_looked_for_after_every_process_must_know_it() -> None:
    deeds = newsroom.plan(PROFILES["peak"].newsroom, 300, random.Random(1))
    bursts = {deed.number: deed.due for deed in deeds if deed.what == "burst"}
    looks = {deed.number: deed.due for deed in deeds if deed.what == "look"}
    assert all(looks[number] - bursts[number] > 1 for number in looks)


def test_the_big_story_fills_one_desk_and_no_title_comes_twice() -> None:
    writer = newsroom.Writer.of("p-", NOW, random.Random(1))
    written = [writer.article(day.STORY_BREAKS, "desk") for _ in range(300)]
    of_story = sum(article["category"] == newsroom.BIG_STORY_DESK for _, article in written)
    assert 0.7 < of_story / 300 < 0.9
    assert len({article["title"] for _, article in written}) == 300


def test_no_reader_is_here_twice_at_the_same_time() -> None:
    readership = Readership("p-", 5, random.Random(1))
    here = [readership.arrives() for _ in range(5)]
    assert len({reader.user_id for reader in here}) == 5
    for reader in here:
        readership.leaves(reader)
    again = [readership.arrives() for _ in range(5)]
    assert len({id(reader) for reader in again}) == 5


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000", "http://localhost:1/", "http://[::1]:8000", "http://127.3.2.1"],
)
def test_the_load_may_go_to_this_machine(address: str) -> None:
    assert checked(address, owned=False) == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://192.168.1.7:8000", "https://news.example", "http://0.0.0.0"]
)
def test_another_machine_is_refused_unless_it_is_said_to_be_ones_own(address: str) -> None:
    with pytest.raises(Refused, match="--i-own-this-host"):
        checked(address, owned=False)
    assert checked(address, owned=True) == address


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address_is_refused_even_then(address: str) -> None:
    with pytest.raises(Refused, match="is not an address"):
        checked(address, owned=True)

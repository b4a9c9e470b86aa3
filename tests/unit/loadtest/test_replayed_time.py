"""A log is replayed in its own order and at its own pace, only faster."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from loadtest.replay import (
    AHEAD_SECONDS,
    CLICKS_BEFORE,
    generated_title,
    seats,
    sent_article,
    sent_time,
    timeline,
)
from service.replay.log import Log, LoggedArticle, LoggedClick, LoggedImpression

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def article(article_id: str, *, generated: bool = False) -> LoggedArticle:
    """An article named by its id."""
    return LoggedArticle(article_id, f"Title {article_id}", "", "sports", "", generated)


def came(
    user_id: str, seconds: float, shown: str, history: tuple[LoggedClick, ...] = ()
) -> LoggedImpression:
    """An impression of one article, which was clicked."""
    return LoggedImpression(user_id, seconds, history, (shown,), (LoggedClick(shown, seconds),))


def log_of(*impressions: LoggedImpression) -> Log:
    """The log of these."""
    named = {a for one in impressions for a in one.shown}
    named |= {click.article_id for one in impressions for click in one.history}
    return Log.of({article_id: article(article_id) for article_id in named}, impressions)


BEFORE = tuple(LoggedClick(f"h{number}", 10.0 + number) for number in range(60))
LOG = log_of(
    came("quiet", 100, "a", BEFORE),
    came("r1", 1_000, "a"),
    came("r2", 1_030, "b"),
    came("quiet", 1_060, "c"),
    came("late", 9_000, "d"),
)


def test_the_busiest_part_is_played_at_its_own_pace_but_faster() -> None:
    played = timeline(LOG, seconds=10, speed=10)
    assert [visit.due for visit in played.visits] == [0, 3, 6]
    assert [visit.impression.user_id for visit in played.visits] == ["r1", "r2", "quiet"]


def test_what_readers_clicked_before_is_known_the_newest_of_it() -> None:
    played = timeline(LOG, seconds=10, speed=10)
    ids = [click.article_id for click in played.histories["quiet"]]
    assert ids == [*(f"h{number}" for number in range(61 - CLICKS_BEFORE, 60)), "a"]
    times = [sent_time(played, click, NOW) for click in played.histories["quiet"]]
    assert times == sorted(times)
    assert (NOW - times[-1]).total_seconds() == 900


def test_articles_are_there_before_they_are_first_seen() -> None:
    played = timeline(LOG, seconds=10, speed=10)
    assert "a" in {one.article_id for one in played.stock}
    assert [(due, one.article_id) for due, one in played.breaking] == [
        (3 - AHEAD_SECONDS, "b"),
        (6 - AHEAD_SECONDS, "c"),
    ]


def test_a_generated_title_says_so_and_is_hardly_like_another() -> None:
    sent = [sent_article(article(f"{n}", generated=True), NOW)["title"] for n in range(200)]
    assert all("generated title" in title for title in sent)
    assert sent[7] == generated_title("7")
    beginnings = Counter(title.partition(" (")[0] for title in sent)
    assert max(beginnings.values()) < 10
    assert sent_article(article("7"), NOW)["title"] == "Title 7"


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5_000)), min_size=1), st.integers(1, 5))
def test_each_readers_visits_keep_their_order_and_their_seat(
    visits: list[tuple[int, int]], count: int
) -> None:
    impressions = [came(f"r{user}", seconds, "a") for user, seconds in visits]
    played = timeline(log_of(*impressions), seconds=10_000, speed=1)
    divided = seats(played.visits, count)
    assert sum(map(len, divided)) == len(visits)
    for seat in divided:
        assert [visit.due for visit in seat] == sorted(visit.due for visit in seat)
    sitting = [{visit.impression.user_id for visit in seat} for seat in divided]
    assert sum(map(len, sitting)) == len(set().union(*sitting))

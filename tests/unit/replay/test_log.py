"""A log is in the order of time, whatever order it is read in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import SetupError
from service.replay.log import Log, LoggedArticle, LoggedClick, LoggedImpression, newcomers
from tests.unit.replay.time_order import check_time_order

ARTICLES = {
    name: LoggedArticle(name, f"Headline {name}", "", "news", "", generated=False)
    for name in ("a", "b", "c", "d")
}


def shown(user_id: str, seconds: float, *article_ids: str) -> LoggedImpression:
    return LoggedImpression(user_id, seconds, (), article_ids, ())


def test_impressions_are_sorted_by_time_and_stay_in_order_within_a_second() -> None:
    log = Log.of(ARTICLES, [shown("u", 9, "a"), shown("v", 5, "b"), shown("w", 9, "c")])
    assert [impression.user_id for impression in log.impressions] == ["v", "u", "w"]
    assert (log.began, log.ended) == (5, 9)


def test_an_article_is_first_seen_where_it_is_first_shown_or_clicked() -> None:
    early = (LoggedClick("a", 1.0), LoggedClick("b", 2.0))
    later = LoggedImpression("v", 8.0, (LoggedClick("c", 3.0),), ("a", "c"), ())
    log = Log.of(ARTICLES, [later, LoggedImpression("u", 5.0, early, ("b",), ())])
    assert log.first_seen == {"a": 1.0, "b": 2.0, "c": 3.0}


def test_an_article_that_is_never_seen_is_left_out() -> None:
    assert Log.of(ARTICLES, [shown("u", 1, "a")]).articles == {"a": ARTICLES["a"]}


def test_a_log_without_impressions_is_refused() -> None:
    with pytest.raises(SetupError, match="holds no impressions"):
        Log.of(ARTICLES, [])


def test_a_newcomer_is_one_once() -> None:
    assert list(newcomers(["u", "v", "u", "u", "w"])) == [True, True, False, False, True]


@st.composite
def impressions(draw: st.DrawFn) -> list[LoggedImpression]:
    """Impressions in any order, each reader's history at their earliest."""
    readers = draw(st.lists(st.sampled_from("uvw"), min_size=1, max_size=12))
    times = sorted(draw(st.integers(100, 120)) for _ in readers)
    ids = st.lists(st.sampled_from(sorted(ARTICLES)), min_size=1, max_size=4)
    made = []
    for reader, time, is_first in zip(readers, times, newcomers(readers), strict=True):
        ages = sorted(draw(st.lists(st.integers(0, 99), max_size=4 * is_first)))
        history = tuple(LoggedClick(draw(st.sampled_from("abcd")), age) for age in ages)
        of_impression = tuple(draw(ids))
        clicked = tuple(LoggedClick(one, time) for one in of_impression[:1])
        made.append(LoggedImpression(reader, time, history, of_impression, clicked))
    return made


@given(impressions())
def test_nothing_is_known_before_its_time(made: list[LoggedImpression]) -> None:
    check_time_order(Log.of(ARTICLES, made))


@given(impressions(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_log_is_read_does_not_change_when_articles_appear(
    made: list[LoggedImpression], random: object
) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Log.of(ARTICLES, shuffled).first_seen == Log.of(ARTICLES, made).first_seen

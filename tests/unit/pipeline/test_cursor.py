import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.domain.recommendation import RecommendRequest
from service.errors import ExpiredCursor, ForgedCursor
from service.pipeline.cursor import MOST_SHOWN, fingerprint, read_cursor, write_cursor

KEY, NOW = b"k" * 32, 1_790_000_000.0
ids = st.lists(st.from_regex(r"[A-Za-z0-9._~:@-]{1,20}", fullmatch=True).map(ArticleId), min_size=1)


def written(shown: list[ArticleId]) -> str:
    text = write_cursor(NOW - 5, shown, KEY, "f", NOW)
    assert text is not None
    return text


@given(ids)
def test_it_says_what_was_shown_and_since_when(shown: list[ArticleId]) -> None:
    cursor = read_cursor(written(shown), KEY, "f", NOW + 599)
    assert list(cursor.shown) == shown
    assert cursor.moment == NOW - 5


@given(shown=ids, data=st.data())
def test_one_that_was_tampered_with_is_refused(shown: list[ArticleId], data: st.DataObject) -> None:
    text = written(shown)
    place = data.draw(st.integers(0, len(text) - 2))  # the last character holds padding bits
    other = data.draw(st.sampled_from([c for c in "AZaz09-_" if c != text[place]]))
    with pytest.raises(ForgedCursor):
        read_cursor(text[:place] + other + text[place + 1 :], KEY, "f", NOW)


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA" * 10, "%%%"])
def test_one_that_never_was_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(ForgedCursor):
        read_cursor(text, KEY, "f", NOW)


def test_another_key_or_another_request_is_refused_and_an_old_one_is_gone() -> None:
    text = written([ArticleId("a")])
    with pytest.raises(ForgedCursor):
        read_cursor(text, b"j" * 32, "f", NOW)
    with pytest.raises(ForgedCursor):
        read_cursor(text, KEY, "g", NOW)
    with pytest.raises(ExpiredCursor):
        read_cursor(text, KEY, "f", NOW + 601)


def test_a_list_ends_somewhere() -> None:
    assert write_cursor(NOW, [ArticleId("a")] * (MOST_SHOWN + 1), KEY, "f", NOW) is None


def test_the_same_request_is_the_same_reader_scenario_and_filters() -> None:
    base = RecommendRequest(user_id="u", filters=Filters(languages=["de"]))
    assert fingerprint(base) == fingerprint(base.model_copy(update={"limit": 5, "explain": True}))
    for change in ({"user_id": "v"}, {"scenario": "model"}, {"filters": None}):
        assert fingerprint(base) != fingerprint(base.model_copy(update=change))

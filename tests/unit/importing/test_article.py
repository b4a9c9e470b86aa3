import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.article import IdentifiedArticle
from service.importing.article import complete, service_id
from service.importing.errors import UnsoundRecord

NOW = datetime(2026, 5, 1, 8, 0, 30, 999_999, tzinfo=UTC)
ALLOWED = st.text("abcXYZ019._~:@-", min_size=1, max_size=256).filter(
    lambda text: text not in {".", ".."}
)


def completed(default_language: str | None = None, /, **fields: Any) -> dict[str, Any]:
    article = {"article_id": "a1", "title": "T", **fields}
    return complete(article, language=default_language, now=NOW)


@given(ALLOWED)
def test_an_id_that_the_service_takes_stays_as_it_is(original: str) -> None:
    assert service_id(original) == original


@given(st.text())
def test_any_text_becomes_an_id_that_the_service_takes(original: str) -> None:
    article = IdentifiedArticle(article_id=service_id(original), title="T")
    assert article.article_id == original or re.fullmatch("h-[0-9a-f]{32}", article.article_id)
    assert service_id(original) == article.article_id


@given(st.lists(st.text(), unique=True, max_size=20))
def test_different_texts_keep_different_ids(originals: list[str]) -> None:
    assert len({service_id(original) for original in originals}) == len(originals)


@pytest.mark.parametrize("original", [".", "..", "a b", "https://x/1", "é", "a" * 257, "a\n"])
def test_a_hashed_id_keeps_the_original_among_the_attributes(original: str) -> None:
    article = completed(article_id=original, attributes={"desk": "coast"})
    assert re.fullmatch("h-[0-9a-f]{32}", article["article_id"])
    assert article["attributes"] == {"desk": "coast", "original_id": original}


def test_a_hashed_id_is_the_start_of_the_sha256_of_the_original() -> None:
    assert service_id("a b") == "h-c8687a08aa5d6ed2044328fa6a697ab8"


def test_id_stands_for_article_id_and_may_be_a_number() -> None:
    assert complete({"id": "a1", "title": "T"}, language=None, now=NOW) == {
        "article_id": "a1",
        "title": "T",
    }
    assert complete({"id": 17, "title": "T"}, language=None, now=NOW)["article_id"] == "17"


@pytest.mark.parametrize(
    "fields", [{}, {"id": ""}, {"article_id": None}, {"id": 1.5}, {"id": True}]
)
def test_without_a_usable_id_there_is_no_article(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsoundRecord, match="id"):
        complete({"title": "T", **fields}, language=None, now=NOW)


def test_what_is_empty_is_left_out() -> None:
    fields: dict[str, Any] = {"abstract": "", "body": None, "entities": [], "attributes": {}}
    assert completed(**fields) == {"article_id": "a1", "title": "T"}


def test_the_language_is_for_articles_that_state_none() -> None:
    assert completed("de")["language"] == "de"
    assert completed("de", language="")["language"] == "de"
    assert completed("de", language="nl")["language"] == "nl"


@pytest.mark.parametrize("minutes", [90, "90"])
def test_an_age_in_minutes_becomes_the_time_of_publication(minutes: Any) -> None:
    article = completed(published_at_minutes_ago=minutes)
    assert article == {"article_id": "a1", "title": "T", "published_at": "2026-05-01T06:30:30Z"}


@pytest.mark.parametrize("minutes", [1.5, True, "soon", "1e3", [1], 10**15, 10**12, -(10**12)])
def test_an_age_that_is_none_is_a_problem(minutes: Any) -> None:
    with pytest.raises(UnsoundRecord, match="published_at_minutes_ago"):
        completed(published_at_minutes_ago=minutes)


def test_an_age_beside_a_time_is_a_problem() -> None:
    with pytest.raises(UnsoundRecord, match="both"):
        completed(published_at_minutes_ago=1, published_at="2026-05-01T08:00:00Z")


def test_what_is_not_known_is_left_for_the_service_to_judge() -> None:
    assert completed(headline="H", attributes="no object")["headline"] == "H"

"""The checks find every promise that an answer breaks, and nothing in an answer that keeps them."""

import copy
from typing import Any

import pytest

from loadtest.correctness import Asked, Fault, faults, without_state
from loadtest.shelf import SPREAD_SECONDS, Shelf

MOMENT = 100.0


def asked(**changes: Any) -> Asked:
    """A request for two articles of sports by a reader who clicked ``old``."""
    known: dict[str, Any] = {
        "moment": MOMENT,
        "limit": 2,
        "never_again": frozenset({"old", "hidden"}),
        "excluded": frozenset({"left-out"}),
        "earlier": frozenset({"on-page-one"}),
        "categories": frozenset({"sports"}),
        "newest_click": "old",
        "explain": True,
    }
    return Asked(**known | changes)


def item(article_id: str, rank: int) -> dict[str, Any]:
    """One explained item whose parts sum."""
    clicks = [
        {"article_id": "old", "contribution": 0.25},
        {"article_id": "older", "contribution": 0.125},
    ]
    return {
        "article_id": article_id,
        "rank": rank,
        "score": 0.5,
        "relevance": 0.375,
        "reason": {
            "clicks": clicks,
            "explanation": "terms",
            "parts": {"relevance": 0.375, "fresh": 0.125},
        },
    }


GOOD = {"degraded": [], "items": [item("a", 1), item("b", 2)]}


def shelf() -> Shelf:
    """What was published: sports but for one; and two that are gone, one of them just now."""
    made = Shelf()
    for article_id in ("a", "b", "gone", "going"):
        made.published(article_id, {"category": "sports"})
    made.published("opera", {"category": "culture"})
    made.withdrawn("gone", MOMENT - SPREAD_SECONDS)
    made.withdrawn("going", MOMENT - SPREAD_SECONDS / 2)
    return made


def with_first(**changes: Any) -> dict[str, Any]:
    """The good answer with a first item that is different."""
    answer = copy.deepcopy(GOOD)
    answer["items"][0].update(changes)
    return answer


def test_an_answer_that_keeps_its_promises_has_no_fault() -> None:
    assert faults(asked(), GOOD, shelf()) == []


@pytest.mark.parametrize(
    ("article_id", "fault"),
    [
        ("b", "repeated"),
        ("old", "clicked or hidden"),
        ("hidden", "clicked or hidden"),
        ("left-out", "excluded"),
        ("on-page-one", "on an earlier page"),
        ("gone", "withdrawn"),
        ("opera", "another category"),
    ],
)
def test_an_article_that_must_not_be_there_is_found(article_id: str, fault: Fault) -> None:
    assert faults(asked(), with_first(article_id=article_id), shelf()) == [fault]


def test_an_article_withdrawn_less_than_a_second_ago_may_still_be_there() -> None:
    assert faults(asked(), with_first(article_id="going"), shelf()) == []


def test_an_article_of_somebody_else_is_not_judged_by_its_category() -> None:
    assert faults(asked(), with_first(article_id="not-ours"), shelf()) == []


def test_more_than_asked_and_wrong_ranks_are_found() -> None:
    assert faults(asked(limit=1), GOOD, shelf()) == ["more than asked"]
    assert faults(asked(), with_first(rank=2), shelf()) == ["ranks"]


@pytest.mark.parametrize("changed", [{"score": 0.501}, {"relevance": 0.376}])
def test_an_explanation_that_does_not_sum_is_found(changed: dict[str, float]) -> None:
    assert faults(asked(), with_first(**changed), shelf()) == ["explanation does not sum"]


def test_a_model_that_leaves_one_out_need_not_sum_to_the_relevance() -> None:
    reason = {**item("a", 1)["reason"], "explanation": "leave_one_out"}
    answer = with_first(relevance=0.9, reason=reason)
    assert faults(asked(), answer, shelf()) == []


def test_a_click_that_does_not_count_in_the_next_request_is_found() -> None:
    assert faults(asked(newest_click="newer"), GOOD, shelf()) == ["click not counted"]


def test_an_answer_without_state_knows_no_clicks_and_is_counted_as_such() -> None:
    answer = with_first(article_id="old") | {"degraded": ["state_unavailable"]}
    assert without_state(answer)
    assert not without_state(GOOD)
    assert faults(asked(newest_click="newer"), answer, shelf()) == []


def test_what_is_withdrawn_does_not_come_back_by_a_late_acknowledgement() -> None:
    made = shelf()
    made.published("gone", {"category": "sports"})
    assert "gone" not in made.articles
    assert made.gone("gone", MOMENT)

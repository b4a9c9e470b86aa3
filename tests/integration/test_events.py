from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.integration.asking import click, ids, put, recommend

Fresh = Callable[[str], str]


@pytest.fixture
def articles(service: httpx.Client, fresh: Fresh) -> list[str]:
    named = [fresh(f"a{number}") for number in range(4)]
    for article_id in named:
        put(service, article_id, f"Story {article_id}")
    return named


def history(service: httpx.Client, user_id: str) -> list[str]:
    answer = service.get(f"/v1/users/{user_id}").json()
    return [entry["article_id"] for entry in answer["history"]]


def test_a_click_counts_in_the_very_next_request(own_service: httpx.Client) -> None:
    put(own_service, "football", "Football team wins the cup final")
    put(own_service, "goals", "Three goals decide the football match")
    put(own_service, "rates", "Central bank raises interest rates")
    put(own_service, "loans", "Loans grow dearer as interest rates rise")
    cold = recommend(own_service, user_id="reader")
    assert cold["degraded"] == ["unknown_reader"]
    click(own_service, "reader", "football")
    warm = recommend(own_service, user_id="reader", scenario="model")
    assert warm["degraded"] == []
    assert ids(warm)[0] == "goals"
    click(own_service, "reader", "rates", "rates", "rates")
    assert ids(recommend(own_service, user_id="reader", scenario="model"))[0] == "loans"


def test_the_same_article_read_twice_is_two_entries(
    service: httpx.Client, fresh: Fresh, articles: list[str]
) -> None:
    click(service, fresh("u"), articles[0], articles[1], articles[0])
    assert history(service, fresh("u")) == [articles[0], articles[1], articles[0]]


def test_a_history_is_in_the_order_of_timestamps_then_arrival(
    service: httpx.Client, fresh: Fresh, articles: list[str]
) -> None:
    user_id = fresh("u")
    click(service, user_id, articles[0], timestamp="2026-05-02T00:00:00Z")
    click(service, user_id, articles[1], timestamp="2026-05-01T00:00:00Z")
    click(service, user_id, articles[2], timestamp="2026-05-02T02:00:00+02:00")
    click(service, user_id, articles[3])
    assert history(service, user_id) == [articles[1], articles[0], articles[2], articles[3]]


def test_an_event_id_counts_once_per_reader(
    service: httpx.Client, fresh: Fresh, articles: list[str]
) -> None:
    event = {"article_id": articles[0], "type": "click", "event_id": "e1"}
    mine = {**event, "user_id": fresh("u")}
    another = {**event, "user_id": fresh("v")}
    answer = service.post("/v1/events", json=[mine, mine, another]).json()
    assert [r["status"] for r in answer["results"]] == ["recorded", "duplicate", "recorded"]
    assert (answer["accepted"], answer["rejected"]) == (3, 0)
    again = service.post("/v1/events", json=[mine]).json()
    assert again["results"][0]["status"] == "duplicate"
    assert history(service, fresh("u")) == [articles[0]]


def test_a_history_keeps_the_newest_fifty_and_still_excludes_the_older(
    own_service: httpx.Client,
) -> None:
    batch = [{"article_id": f"a{n}", "title": f"Story number {n}"} for n in range(60)]
    own_service.post("/v1/articles", json=batch)
    click(own_service, "u", *(f"a{n}" for n in range(55)))
    assert history(own_service, "u") == [f"a{n}" for n in range(5, 55)]
    assert set(ids(recommend(own_service, user_id="u", limit=60))) == {
        f"a{n}" for n in range(55, 60)
    }


def test_an_unknown_article_and_a_time_ahead_are_rejected_alone(
    service: httpx.Client, fresh: Fresh, articles: list[str]
) -> None:
    user_id = fresh("u")
    base = {"user_id": user_id, "article_id": articles[0], "type": "click"}
    late = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    answer = service.post(
        "/v1/events",
        json=[
            {**base, "article_id": "never-there"},
            {**base, "timestamp": late},
            {**base, "timestamp": soon},
            {**base, "type": "stare"},
            base,
        ],
    ).json()
    assert [r["status"] for r in answer["results"]] == [
        *("rejected", "rejected", "recorded", "rejected", "recorded")
    ]
    assert answer["results"][0]["error"]["status"] == 404
    assert answer["results"][1]["error"]["errors"][0]["pointer"] == "/timestamp"
    assert len(history(service, user_id)) == 2


@pytest.mark.parametrize("kind", ["hide", "dislike"])
def test_what_a_reader_refuses_never_returns(own_service: httpx.Client, kind: str) -> None:
    for name in "abc":
        put(own_service, name, f"Harbour story {name}")
    click(own_service, "u", "a")
    own_service.post("/v1/events", json=[{"user_id": "u", "article_id": "b", "type": kind}])
    assert ids(recommend(own_service, user_id="u")) == ["c"]
    assert ids(recommend(own_service, user_id="u", scenario="model")) == ["c"]


def test_likes_and_impressions_exclude_nothing(own_service: httpx.Client) -> None:
    for name in "ab":
        put(own_service, name, f"Harbour story {name}")
    events = [{"user_id": "u", "article_id": "a", "type": kind} for kind in ("like", "impression")]
    assert own_service.post("/v1/events", json=events).json()["accepted"] == 2
    assert set(ids(recommend(own_service, user_id="u"))) == {"a", "b"}


def test_erasing_a_reader_leaves_nothing(
    service: httpx.Client, fresh: Fresh, articles: list[str]
) -> None:
    user_id = fresh("u")
    click(service, user_id, articles[0], event_id="e")
    recommend(service, user_id=user_id)
    assert service.delete(f"/v1/users/{user_id}").status_code == 204
    assert service.get(f"/v1/users/{user_id}").status_code == 404
    assert recommend(service, user_id=user_id)["degraded"] == ["unknown_reader"]
    assert service.delete(f"/v1/users/{user_id}").status_code == 204

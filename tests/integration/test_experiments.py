"""Experiments: readers keep their variant, events join the lists they name, and rates come out."""

from collections.abc import Callable

import httpx
import pytest

from tests.integration.asking import click, eventually, recommend
from tests.integration.newsroom import stock

Start = Callable[[str], httpx.Client]
POLICIES = """
[scenarios.default]
explore = { share = 0.5 }
[scenarios.newest]
extends = "default"
freshness = { weight = 5.0 }

[experiments.fresher]
[experiments.fresher.variants.control]
share = 0.5
scenario = "default"
[experiments.fresher.variants.treatment]
share = 0.5
scenario = "newest"
"""


@pytest.fixture
def service(governed: Start) -> httpx.Client:
    running = governed(POLICIES)
    stock(running)
    return running


def variants(service: httpx.Client) -> dict[str, dict]:
    (experiment,) = service.get("/v1/experiments").json()["experiments"]
    assert experiment["experiment"] == "fresher"
    return {variant["variant"]: variant for variant in experiment["variants"]}


def test_a_reader_keeps_their_variant_and_the_answer_names_it(service: httpx.Client) -> None:
    named: dict[str, int] = {"control": 0, "treatment": 0}
    for number in range(40):
        first = recommend(service, user_id=f"r{number}")["experiment"]
        assert first["experiment"] == "fresher"
        assert recommend(service, user_id=f"r{number}")["experiment"] == first
        named[first["variant"]] += 1
    assert min(named.values()) >= 8
    assert recommend(service)["experiment"] is None
    assert recommend(service, user_id="r1", scenario="model")["experiment"] is None


def test_impressions_and_clicks_are_counted_once_for_the_list_they_name(
    service: httpx.Client,
) -> None:
    expected = {"control": [0, 0, 0], "treatment": [0, 0, 0]}
    for number in range(12):
        reader = f"r{number}"
        answer = recommend(service, user_id=reader, limit=6)
        shown = [item["article_id"] for item in answer["items"][:4]]
        named = {"user_id": reader, "recommendation_id": answer["recommendation_id"]}
        events = [{**named, "article_id": a, "type": "impression"} for a in shown]
        events += events[:2]  # a page that is sent again shows nothing new
        events += [{**named, "article_id": shown[0], "type": "click"}] * 2
        # A click on what was not reported as shown was seen all the same.
        events.append({**named, "article_id": answer["items"][5]["article_id"], "type": "click"})
        assert service.post("/v1/events", json=events).json()["rejected"] == 0
        click(service, reader, shown[1])  # names no list
        tally = expected[answer["experiment"]["variant"]]
        tally[0] += 1
        tally[1] += 5
        tally[2] += 2

    def counted() -> bool:
        return all(
            [held[variant][name] for name in ("readers", "impressions", "clicks")] == tally
            for held in [variants(service)]
            for variant, tally in expected.items()
        )

    eventually(counted)
    held = variants(service)
    for variant in held.values():
        assert variant["click_rate"] == pytest.approx(0.4)
        assert variant["interval"]["lower"] <= 0.4 <= variant["interval"]["upper"]
    assert held["control"]["against_control"] is None
    assert held["treatment"]["against_control"] is None  # 24 clicks say nothing yet


def test_randomised_places_say_what_another_variant_would_do(service: httpx.Client) -> None:
    for number in range(30):
        reader = f"r{number}"
        answer = recommend(service, user_id=reader, limit=6)
        named = {"user_id": reader, "recommendation_id": answer["recommendation_id"]}
        service.post(
            "/v1/events",
            json=[
                {**named, "article_id": item["article_id"], "type": "impression"}
                for item in answer["items"]
            ],
        )
    eventually(lambda: variants(service)["control"]["off_policy"]["places"] == 90)
    for variant in variants(service).values():
        judged = variant["off_policy"]
        assert 0 < judged["covered"] < 1
        assert 0 < judged["effective_sample_size"] <= 90
        assert judged["ips"]["value"] == judged["snips"]["value"] == 0


def test_what_was_served_is_the_readers_and_goes_with_them(service: httpx.Client) -> None:
    answer = recommend(service, user_id="r", limit=4)
    name = answer["recommendation_id"]
    shown = [item["article_id"] for item in answer["items"]]
    event = {"user_id": "r", "article_id": shown[0], "type": "impression"}
    service.post("/v1/events", json=[{**event, "recommendation_id": name}])
    stored = service.get("/v1/users/r").json()
    (served,) = stored["served"]
    assert served["article_ids"] == shown
    assert served["recommendation_id"] == name
    assert [(s["article_id"], s["times"]) for s in stored["shown"]] == [(shown[0], 1)]
    (tally,) = stored["experiments"].values()
    assert tally == {"impressions": 1, "clicks": 0}
    service.delete("/v1/users/r")
    assert service.get("/v1/users/r").status_code == 404


def test_without_experiments_there_is_nothing_to_report(own_service: httpx.Client) -> None:
    assert own_service.get("/v1/experiments").json() == {"experiments": []}

"""What a newsroom can set: scenarios, boosts, interests, caps, exploration."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.conftest import PLAIN
from tests.integration.newsroom import SUBJECTS, stock

Start = Callable[[str], httpx.Client]
ALL = [f"{subject}-{number}" for subject in SUBJECTS for number in range(4)]


@pytest.fixture
def plain(governed: Start) -> httpx.Client:
    service = governed(PLAIN)
    stock(service)
    return service


def event(service: httpx.Client, user_id: str, article_id: str, kind: str, **more: object) -> None:
    events = [{"user_id": user_id, "article_id": article_id, "type": kind, **more}]
    assert service.post("/v1/events", json=events).json()["rejected"] == 0


def test_the_parts_sum_to_the_score_and_the_clicks_to_the_relevance(plain: httpx.Client) -> None:
    click(plain, "u", "football-0", "food-0")
    event(plain, "u", "money-0", "dislike")
    event(plain, "u", "football-1", "impression")
    eventually(lambda: len(ids(plain.get("/v1/trending").json())) == 2)
    answer = recommend(
        plain,
        user_id="u",
        explain=True,
        limit=20,
        language_affinity=0.3,
        boosts={"categories": {"money": 2.0}},
    )
    assert len(answer["items"]) == 9
    for item in answer["items"]:
        reason = item["reason"]
        assert sum(reason["parts"].values()) == pytest.approx(item["score"], abs=1e-12)
        clicks = sum(part["contribution"] for part in reason["clicks"])
        assert clicks == pytest.approx(item["relevance"], abs=1e-12)
        assert reason["parts"]["relevance"] == item["relevance"]
    by_id = {item["article_id"]: item["reason"]["parts"] for item in answer["items"]}
    assert by_id["money-1"]["dislikes"] < 0 < by_id["money-1"]["boosts"]
    assert by_id["football-1"]["impressions"] < 0 == by_id["football-2"]["impressions"]
    assert by_id["football-2"]["languages"] > by_id["football-3"]["languages"]


def test_a_boost_lifts_zero_leaves_out_and_the_scenario_model_heeds_none(
    plain: httpx.Client,
) -> None:
    click(plain, "u", "football-0")
    neutral = recommend(plain, user_id="u", limit=20)
    assert ids(neutral)[0].startswith("football")
    lifted = recommend(
        plain, user_id="u", limit=20, boosts={"article_ids": {"food-2": 10, "food-1": 1}}
    )
    assert ids(lifted).index("food-2") < ids(neutral).index("food-2")
    without = recommend(
        plain,
        user_id="u",
        limit=20,
        boosts={"sources": {"source-1": 0}, "article_ids": {"food-0": 0}},
    )
    assert sorted(ids(without)) == ["food-2", "football-2", "money-0", "money-2"]
    model = recommend(plain, user_id="u", limit=20, scenario="model")
    boosted = recommend(
        plain, user_id="u", limit=20, scenario="model", boosts={"categories": {"food": 9}}
    )
    assert ids(model) == ids(boosted)


def test_interests_serve_a_cold_reader_until_the_first_click(plain: httpx.Client) -> None:
    interests = {"categories": ["food"], "languages": ["en"]}
    cold = recommend(plain, user_id="new", interests=interests, limit=3, explain=True)
    assert set(ids(cold)) == {"food-0", "food-1", "food-2"}
    assert all(item["relevance"] is None for item in cold["items"])
    assert all(item["reason"]["parts"]["interests"] == 2 for item in cold["items"])
    click(plain, "new", "money-0")
    warm = recommend(plain, user_id="new", interests=interests, limit=3)
    assert {item["source"] for item in warm["items"]} == {"personal"}
    assert ids(warm)[0].startswith("money")


def test_what_was_shown_too_often_stays_away_until_it_is_clicked_for(governed: Start) -> None:
    service = governed(PLAIN + "impressions = { most = 3, discount = 0.5 }\n")
    stock(service)
    click(service, "u", "food-0")
    for times in range(3):
        shown = recommend(service, user_id="u", limit=20, explain=True)
        (item,) = (item for item in shown["items"] if item["article_id"] == "money-1")
        assert item["reason"]["parts"].get("impressions", 0) <= -0.4 * times
        event(service, "u", "money-1", "impression")
    assert "money-1" not in ids(recommend(service, user_id="u", limit=20))
    assert "money-1" in ids(recommend(service, user_id="u", limit=20, scenario="model"))


def test_a_hide_takes_away_the_article_and_what_is_like_it_sinks(plain: httpx.Client) -> None:
    click(plain, "u", "food-0", "football-0")
    before = recommend(plain, user_id="u", limit=20, explain=True)
    event(plain, "u", "football-1", "hide")
    after = recommend(plain, user_id="u", limit=20, explain=True)
    assert "football-1" not in ids(after)
    score_of = {item["article_id"]: item["score"] for item in before["items"]}
    sunk = [
        i["article_id"] for i in after["items"] if i["score"] < score_of[i["article_id"]] - 1e-6
    ]
    assert any(article_id.startswith("football") for article_id in sunk)


def test_caps_hold_while_others_remain_and_a_page_is_never_short(governed: Start) -> None:
    service = governed(PLAIN + "caps = { category = 0.5 }\n")
    stock(service)
    click(service, "u", "football-0")
    answer = recommend(service, user_id="u", limit=4, boosts={"categories": {"football": 10}})
    assert sum(article_id.startswith("football") for article_id in ids(answer)) == 2
    only = recommend(service, user_id="u", limit=3, filters={"categories": ["football"]})
    assert sorted(ids(only)) == ["football-1", "football-2", "football-3"]


def test_versions_of_one_story_collapse_to_the_best(plain: httpx.Client) -> None:
    for name, end in (("copy", "!"), ("again", "")):
        title = f"Striker signs for three more years{end}"
        put(plain, name, title, category="football", language="en")
    versions = {"copy", "again", "football-1"}
    click(plain, "u", "football-0")
    answer = recommend(plain, user_id="u", limit=3, filters={"categories": ["football"]})
    assert len(versions & set(ids(answer))) == 1
    everything = recommend(plain, user_id="u", limit=50)
    assert sorted(ids(everything)) == sorted({*ALL, *versions} - {"football-0"})
    click(plain, "v", "football-1")
    model = recommend(plain, user_id="v", limit=2, scenario="model")
    assert set(ids(model)) == versions - {"football-1"}


def test_a_session_brings_candidates_beside_a_readers_own(plain: httpx.Client) -> None:
    click(plain, "u", "football-0")
    answer = recommend(plain, user_id="u", session_article_ids=["food-0"], limit=20)
    assert "food-0" not in ids(answer)
    assert len(answer["items"]) == 10


def test_explored_places_are_marked_and_all_else_holds(governed: Start) -> None:
    service = governed("[scenarios.default]\ndiversity = 0.0\nexplore = { share = 0.5 }\n")
    stock(service)
    click(service, "u", "food-0")
    seen: set[str] = set()
    for _ in range(30):
        answer = recommend(service, user_id="u", limit=4, exclude_article_ids=["money-3"])
        drawn = [i["article_id"] for i in answer["items"] if i["source"] == "explore"]
        assert len(drawn) == 2
        assert len(set(ids(answer))) == 4
        assert not {"food-0", "money-3"} & set(ids(answer))
        seen.update(drawn)
    assert len(seen) > 4
    model = recommend(service, user_id="u", limit=4, scenario="model")
    assert {item["source"] for item in model["items"]} == {"personal"}


def test_an_unknown_scenario_is_refused_and_the_known_ones_are_named(plain: httpx.Client) -> None:
    answer = plain.post("/v1/recommend", json={"scenario": "nowhere"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"in": "body", "pointer": "/scenario", "detail": "is none of default, model"}
    ]


def test_policies_are_read_again_when_they_change_and_kept_when_they_are_wrong(
    governed: Start, tmp_path: Path
) -> None:
    service = governed(PLAIN)
    stock(service)
    file = tmp_path / "policies.toml"
    file.write_text(PLAIN + "diversty = 1\n", encoding="utf-8")
    file.write_text(PLAIN.replace("default", "other"), encoding="utf-8")
    other = {"scenario": "other"}
    eventually(lambda: service.post("/v1/recommend", json=other).status_code == 200)
    file.write_text("[scenarios", encoding="utf-8")
    recommend(service, scenario="other")
    file.write_text(PLAIN, encoding="utf-8")
    eventually(lambda: service.post("/v1/recommend", json=other).status_code == 422)


def test_cross_lingual_by_default_weighed_by_affinity_and_filtered_exactly(
    plain: httpx.Client,
) -> None:
    click(plain, "u", "football-0", "money-0")
    free = recommend(plain, user_id="u", limit=20)
    assert {"football-3", "money-3", "food-3"} <= set(ids(free))
    weighed = recommend(plain, user_id="u", limit=20, language_affinity=1.0)
    assert set(ids(weighed)[-3:]) == {"football-3", "money-3", "food-3"}
    german = recommend(plain, user_id="u", limit=20, filters={"languages": ["de"]})
    assert sorted(ids(german)) == ["food-3", "football-3", "money-3"]

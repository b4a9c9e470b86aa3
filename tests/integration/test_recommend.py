import httpx
import pytest

from tests.integration.asking import click, eventually, ids, put, recommend

TITLES = {
    "football": "Football team wins the cup final",
    "goals": "Three goals decide the football match",
    "coach": "Football coach leaves the club after the cup",
    "rates": "Central bank raises interest rates",
    "loans": "Loans grow dearer as interest rates rise",
    "soup": "Ten soups for cold evenings",
    "bread": "How to bake bread at home",
}


@pytest.fixture
def stocked(own_service: httpx.Client) -> httpx.Client:
    for number, (name, title) in enumerate(TITLES.items()):
        put(
            own_service,
            name,
            title,
            language="en" if number % 2 else "de",
            category=name[0],
            source="S",
            published_at=f"2026-05-0{number + 1}T00:00:00Z",
        )
    return own_service


def test_contributions_sum_to_the_relevance(stocked: httpx.Client) -> None:
    click(stocked, "u", "football", "rates", "football")
    for explained in (False, True):
        plain = recommend(stocked, user_id="u", explain=explained)
    for item in plain["items"]:
        parts = [part["contribution"] for part in item["reason"]["clicks"]]
        assert len(parts) == 3
        assert sum(parts) == pytest.approx(item["relevance"], abs=1e-12)
        assert parts == sorted(parts, reverse=True)


def test_relevance_is_the_same_explained_or_not_and_in_rank(stocked: httpx.Client) -> None:
    click(stocked, "u", "football", "rates")
    first = recommend(stocked, user_id="u", scenario="model")
    cached = recommend(stocked, user_id="u", scenario="model")
    explained = recommend(stocked, user_id="u", scenario="model", explain=True)
    ranked = stocked.post(
        "/v1/rank", json={"user_id": "u", "candidate_article_ids": ids(first)}
    ).json()
    relevances = [[i["relevance"] for i in a["items"]] for a in (first, cached, explained)]
    assert relevances[0] == relevances[1] == relevances[2]
    assert relevances[0] == [item["score"] for item in ranked["items"]]


def test_nothing_clicked_or_excluded_and_nothing_twice(stocked: httpx.Client) -> None:
    click(stocked, "u", "football")
    answer = recommend(
        stocked, user_id="u", exclude_article_ids=["goals"], session_article_ids=["soup"], limit=100
    )
    assert sorted(ids(answer)) == ["bread", "coach", "loans", "rates"]
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4]


def test_filters_are_exact_and_fill_the_limit(stocked: httpx.Client) -> None:
    click(stocked, "u", "football")
    german = recommend(stocked, user_id="u", filters={"languages": ["de"]}, limit=3)
    assert sorted(ids(german)) == ["bread", "coach", "loans"]
    dated = recommend(
        stocked,
        filters={
            "published_after": "2026-05-02T00:00:00Z",
            "published_before": "2026-05-05T00:00:00+00:00",
            "exclude_categories": ["c"],
        },
    )
    assert sorted(ids(dated)) == ["goals", "rates"]


def test_contradictory_filters_give_an_empty_answer_with_the_reason(
    stocked: httpx.Client,
) -> None:
    answer = recommend(stocked, filters={"languages": ["de"], "exclude_languages": ["de"]})
    assert answer["items"] == []
    assert "languages" in answer["empty_because"]


def test_a_reader_without_an_account_is_served_by_their_session(stocked: httpx.Client) -> None:
    answer = recommend(
        stocked, session_article_ids=["football"], explain=True, limit=2, scenario="model"
    )
    assert {item["source"] for item in answer["items"]} == {"session"}
    assert set(ids(answer)) == {"goals", "coach"}
    assert answer["degraded"] == ["no_reader"]


def test_a_cold_reader_gets_what_is_read_most_then_the_newest(stocked: httpx.Client) -> None:
    click(stocked, "x", "rates")
    click(stocked, "y", "rates", "soup")
    eventually(lambda: len(ids(stocked.get("/v1/trending").json())) == 2)
    answer = recommend(stocked, user_id="cold", limit=4, scenario="model")
    assert ids(answer) == ["rates", "soup", "bread", "loans"]
    assert [item["source"] for item in answer["items"]] == ["trending"] * 2 + ["fresh"] * 2
    assert all(item["relevance"] is None for item in answer["items"])
    assert answer["degraded"] == ["unknown_reader"]
    trending = stocked.get("/v1/trending", params={"exclude_categories": "s"}).json()
    assert ids(trending) == ["rates"]


def test_diversity_spreads_and_the_scenario_model_turns_it_off(stocked: httpx.Client) -> None:
    click(stocked, "u", "football")
    pure = recommend(stocked, user_id="u", limit=2, diversity=0)
    diverse = recommend(stocked, user_id="u", limit=2, diversity=0.9)
    model = recommend(stocked, user_id="u", limit=2, diversity=0.9, scenario="model")
    assert set(ids(model)) == {"goals", "coach"}
    assert set(ids(diverse)) != {"goals", "coach"}
    assert ids(pure)[0] in ("goals", "coach")


def test_the_scenario_model_equals_a_ranking_of_the_whole_catalogue(
    stocked: httpx.Client,
) -> None:
    click(stocked, "u", "football", "soup")
    served = recommend(stocked, user_id="u", scenario="model", limit=100)
    everything = {"user_id": "u", "candidate_article_ids": list(TITLES)}
    ranked = stocked.post("/v1/rank", json=everything).json()
    assert ids(served) == [a for a in ids(ranked) if a not in ("football", "soup")]


def test_an_empty_catalogue_is_no_error(own_service: httpx.Client) -> None:
    answer = recommend(own_service, user_id="u")
    assert answer["items"] == []
    assert answer["empty_because"] == "there are no articles"


def test_rank_scores_every_known_candidate_once_and_lists_the_unknown(
    stocked: httpx.Client,
) -> None:
    ranked = stocked.post(
        "/v1/rank",
        json={
            "history_article_ids": ["football"],
            "candidate_article_ids": ["soup", "nope", "football", "goals", "soup"],
            "explain": True,
        },
    ).json()
    assert ids(ranked) == ["football", "goals", "soup"]
    assert ranked["items"][0]["score"] == pytest.approx(1, abs=1e-3)
    assert ranked["unknown_article_ids"] == ["nope"]


def test_rank_without_a_history_keeps_the_callers_order(stocked: httpx.Client) -> None:
    ranked = stocked.post(
        "/v1/rank", json={"user_id": "nobody", "candidate_article_ids": ["soup", "goals"]}
    ).json()
    assert ids(ranked) == ["soup", "goals"]
    assert [item["score"] for item in ranked["items"]] == [None, None]
    assert ranked["degraded"] == ["unknown_reader"]


def test_every_answer_bears_a_request_id_and_its_timing(stocked: httpx.Client) -> None:
    given = stocked.post("/v1/recommend", json={}, headers={"X-Request-ID": "mine-1"})
    assert given.headers["X-Request-ID"] == "mine-1"
    assert "candidates;dur=" in given.headers["Server-Timing"]
    made = stocked.get("/nowhere", headers={"X-Request-ID": "bad id"})
    assert made.headers["X-Request-ID"] not in ("", "bad id")
    assert made.headers["Server-Timing"].startswith("total;dur=")

"""Pages: together they are the whole list, whatever arrives in between."""

import httpx
import pytest

from tests.integration.asking import click, ids, put, recommend
from tests.integration.newsroom import SUBJECTS, stock

TOTAL = sum(map(len, SUBJECTS.values()))


@pytest.fixture
def stocked(own_service: httpx.Client) -> httpx.Client:
    stock(own_service)
    return own_service


def pages(service: httpx.Client, between: object = None, **request: object) -> list[list[str]]:
    found, cursor = [], {}
    while True:
        answer = recommend(service, **request, **cursor)
        found.append(ids(answer))
        if answer["next_cursor"] is None:
            return found
        cursor = {"cursor": answer["next_cursor"]}
        if between is not None:
            between(len(found))


def test_pages_hold_everything_once_while_news_keeps_arriving(stocked: httpx.Client) -> None:
    click(stocked, "u", "football-0")

    def arrives(number: int) -> None:
        put(stocked, f"new-{number}", f"Striker number {number} scores in the derby")

    found = pages(stocked, arrives, user_id="u", limit=3)
    together = [article_id for page in found for article_id in page]
    assert len(together) == len(set(together)) == TOTAL - 1
    assert not any(article_id.startswith("new") for article_id in together)
    assert [len(page) for page in found][:3] == [3, 3, 3]


def test_in_the_scenario_model_pages_are_the_list_cut_up(stocked: httpx.Client) -> None:
    click(stocked, "u", "football-0", "money-2")
    whole = ids(recommend(stocked, user_id="u", limit=100, scenario="model"))
    found = pages(stocked, user_id="u", limit=4, scenario="model")
    assert [article_id for page in found for article_id in page] == whole


def test_a_cold_readers_pages_neither_repeat_nor_skip(stocked: httpx.Client) -> None:
    together = [a for page in pages(stocked, limit=5) for a in page]
    assert len(together) == len(set(together)) == TOTAL


def test_what_is_withdrawn_or_clicked_in_between_is_gone(stocked: httpx.Client) -> None:
    click(stocked, "u", "football-0")
    first = recommend(stocked, user_id="u", limit=3)
    rest = sorted({f"{s}-{n}" for s in SUBJECTS for n in range(4)} - {*ids(first), "football-0"})
    stocked.delete(f"/v1/articles/{rest[0]}")
    click(stocked, "u", rest[1])
    second = recommend(stocked, user_id="u", limit=100, cursor=first["next_cursor"])
    assert sorted(ids(second)) == rest[2:]
    assert second["next_cursor"] is None


def test_a_tampered_or_foreign_cursor_is_refused(stocked: httpx.Client) -> None:
    cursor = recommend(stocked, user_id="u", limit=3)["next_cursor"]
    for body in (
        {"user_id": "u", "cursor": cursor[:10] + ("A" if cursor[10] != "A" else "B") + cursor[11:]},
        {"user_id": "other", "cursor": cursor},
        {"user_id": "u", "cursor": cursor, "filters": {"languages": ["de"]}},
        {"user_id": "u", "cursor": "nonsense"},
    ):
        answer = stocked.post("/v1/recommend", json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["type"] == "urn:newsstand:forged-cursor"

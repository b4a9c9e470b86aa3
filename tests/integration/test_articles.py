from collections.abc import Callable

import httpx
import pytest

from tests.integration.asking import click, ids, put, recommend
from tests.shipped import REFERENCE

Fresh = Callable[[str], str]


def test_an_article_is_created_then_unchanged_then_updated(
    service: httpx.Client, fresh: Fresh
) -> None:
    path = f"/v1/articles/{fresh('a')}"
    first = service.put(path, json={"title": "A ferry line opens", "language": "en"})
    again = service.put(path, json={"title": "A ferry line opens", "language": "en"})
    changed = service.put(path, json={"title": "A ferry line closes", "language": "en"})
    assert (first.status_code, first.json()["status"]) == (201, "created")
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert (changed.status_code, changed.json()["status"]) == (200, "updated")
    assert first.json()["model"] == REFERENCE


def test_an_article_reads_back_as_it_was_sent(service: httpx.Client, fresh: Fresh) -> None:
    sent = {
        "title": "Ein Fährunternehmen öffnet",
        "abstract": "Drei Schiffe.",
        "body": "Erstens.\nZweitens.",
        "category": "local",
        "subcategory": "transport",
        "language": "de",
        "source": "Der Seebote",
        "author": "A. B.",
        "url": "https://example.org/1",
        "image_url": "https://example.org/1.jpg",
        "published_at": "2026-05-01T10:00:00+02:00",
        "expires_at": "2099-01-01T00:00:00Z",
        "entities": [{"label": "Seebote", "count": 2}],
        "attributes": {"desk": "coast", "paywall": False, "words": [1, 2.5, None]},
    }
    article_id = fresh("a")
    put(service, article_id, **sent)
    stored = service.get(f"/v1/articles/{article_id}").json()
    assert stored.pop("ingested_at")
    assert stored == {
        **sent,
        "article_id": article_id,
        "published_at": "2026-05-01T08:00:00Z",
        "expires_at": "2099-01-01T00:00:00Z",
    }


def test_several_articles_come_in_one_answer_and_the_missing_are_named(
    service: httpx.Client, fresh: Fresh
) -> None:
    first, second, gone = fresh("a"), fresh("b"), fresh("gone")
    for article_id in (first, second):
        put(service, article_id, f"Ferry {article_id} sails", language="en")
    named = [second, gone, first, second]
    answer = service.get("/v1/articles", params={"article_ids": named}).json()
    each = [service.get(f"/v1/articles/{article_id}").json() for article_id in (second, first)]
    assert answer == {"articles": each, "missing": [gone]}


@pytest.mark.parametrize(
    ("named", "where"),
    [([], ""), (["a", ""], "/1"), (["a b"], "/0"), ([".."], "/0")],
    ids=["none", "empty", "space", "dots"],
)
def test_a_list_of_ids_that_is_none_is_refused(
    service: httpx.Client, named: list[str], where: str
) -> None:
    answer = service.get("/v1/articles", params={"article_ids": named})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/article_ids{where}"


def test_of_more_than_a_hundred_ids_none_is_read(service: httpx.Client) -> None:
    named = [f"a{number}" for number in range(101)]
    assert service.get("/v1/articles", params={"article_ids": named[:100]}).status_code == 200
    assert service.get("/v1/articles", params={"article_ids": named}).status_code == 413


def test_without_a_time_of_publication_the_first_ingest_counts(
    service: httpx.Client, fresh: Fresh
) -> None:
    article_id = fresh("a")
    put(service, article_id, "First wording")
    first = service.get(f"/v1/articles/{article_id}").json()
    put(service, article_id, "Second wording")
    second = service.get(f"/v1/articles/{article_id}").json()
    assert first["published_at"] == second["published_at"] == first["ingested_at"]


def test_a_batch_answers_for_each_item_in_order(service: httpx.Client, fresh: Fresh) -> None:
    good, also_good = fresh("a"), fresh("b")
    answer = service.post(
        "/v1/articles",
        json=[
            {"article_id": good, "title": "Bread prices fall"},
            {"article_id": "a 2", "title": "Bad id"},
            {"article_id": also_good, "title": "Bread prices rise"},
            {"article_id": fresh("c")},
            {"article_id": good, "title": "Bread prices fall"},
            "not an object",
        ],
    ).json()
    assert (answer["accepted"], answer["rejected"]) == (3, 3)
    statuses = [result["status"] for result in answer["results"]]
    assert statuses == ["created", "rejected", "created", "rejected", "unchanged", "rejected"]
    assert answer["results"][1]["index"] == 1
    assert answer["results"][1]["article_id"] == "a 2"
    assert answer["results"][1]["error"]["errors"][0]["pointer"] == "/article_id"
    assert answer["results"][3]["error"]["errors"][0]["pointer"] == "/title"


def test_a_batch_may_be_newline_delimited(service: httpx.Client, fresh: Fresh) -> None:
    lines = f'{{"article_id": "{fresh("a")}", "title": "One"}}\n\n{{bad}}\n'
    headers = {"content-type": "application/x-ndjson; charset=utf-8"}
    answer = service.post("/v1/articles", content=lines, headers=headers).json()
    assert [result["status"] for result in answer["results"]] == ["created", "rejected"]
    assert answer["results"][1]["error"]["status"] == 400


def test_a_withdrawn_article_is_gone_at_once(own_service: httpx.Client) -> None:
    put(own_service, "a", "Storm warning for the harbour")
    put(own_service, "b", "Harbour closed by the storm")
    click(own_service, "reader", "a")
    assert ids(recommend(own_service, user_id="reader")) == ["b"]
    assert own_service.delete("/v1/articles/b").status_code == 204
    assert ids(recommend(own_service, user_id="reader")) == []
    assert own_service.get("/v1/articles/b").status_code == 404
    assert own_service.delete("/v1/articles/never-there").status_code == 204


def test_a_withdrawn_article_still_explains_what_its_readers_get(
    own_service: httpx.Client,
) -> None:
    put(own_service, "a", "Storm warning for the harbour")
    put(own_service, "b", "Harbour closed by the storm")
    click(own_service, "reader", "a")
    own_service.delete("/v1/articles/a")
    (item,) = recommend(own_service, user_id="reader", explain=True)["items"]
    assert item["article_id"] == "b"
    assert [part["article_id"] for part in item["reason"]["clicks"]] == ["a"]


def test_an_article_can_come_back_after_its_withdrawal(service: httpx.Client, fresh: Fresh) -> None:
    article_id = fresh("a")
    put(service, article_id, "A bridge is built")
    service.delete(f"/v1/articles/{article_id}")
    assert put(service, article_id, "A bridge is built").json()["status"] == "created"
    similar = service.get(f"/v1/articles/{article_id}/similar", params={"limit": 1})
    assert similar.status_code == 200


def test_an_expired_article_is_not_recommended(own_service: httpx.Client) -> None:
    put(own_service, "old", "Yesterday's weather", expires_at="2020-01-01T00:00:00Z")
    put(own_service, "new", "Tomorrow's weather")
    assert ids(recommend(own_service)) == ["new"]


def test_similar_articles_are_the_nearest_and_keep_to_the_filters(
    own_service: httpx.Client,
) -> None:
    put(own_service, "q", "Football team wins the cup final", language="en")
    put(own_service, "near", "Cup final: the football team celebrates", language="en")
    put(own_service, "far", "Interest rates rise again", language="en")
    put(own_service, "other", "Cup final won by the football team", language="nl")
    answer = own_service.get("/v1/articles/q/similar", params={"limit": 10}).json()
    assert set(ids(answer)) == {"near", "far", "other"}
    assert ids(answer)[-1] == "far"
    filtered = own_service.get(
        "/v1/articles/q/similar", params={"languages": ["nl", "de"], "limit": 5}
    ).json()
    assert ids(filtered) == ["other"]
    assert own_service.get("/v1/articles/unknown/similar").status_code == 404


@pytest.mark.parametrize("article_id", ["a.b", "~x", "user@host:8", "A_b-c", "0"])
def test_every_allowed_character_makes_an_id(service: httpx.Client, article_id: str) -> None:
    put(service, article_id, "An id of its own")
    assert service.get(f"/v1/articles/{article_id}").json()["article_id"] == article_id


def test_of_the_same_article_several_times_in_a_batch_the_last_counts(
    service: httpx.Client, fresh: Fresh
) -> None:
    article_id, titles = fresh("a"), ["Harbour story", "Bread story", "Harbour story", "Cup story"]
    put(service, article_id, titles[0])
    batch = [{"article_id": article_id, "title": title} for title in titles]
    results = service.post("/v1/articles", json=batch).json()["results"]
    assert [one["status"] for one in results] == ["unchanged", "updated", "updated", "updated"]
    assert service.get(f"/v1/articles/{article_id}").json()["title"] == titles[-1]

"""Whatever is sent, one clear error names what is wrong, and nothing is half-done."""

from typing import Any

import httpx
import pytest

PROBLEM = "application/problem+json"
JSON = {"content-type": "application/json"}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    fields: dict[str, Any] = response.json()
    assert fields["status"] == status
    assert {"type", "title", "detail"} <= fields.keys()
    return fields


@pytest.mark.parametrize("body", [b"{", b"", b"{'a': 1}", b'{"limit": NaN}', b"\xff", b"[" * 5_000])
def test_malformed_json_is_400(service: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    problem(service.post("/v1/recommend", content=body, headers=headers), 400)
    problem(service.post("/v1/events", content=body, headers=headers), 400)


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/recommend", {"limit": 0}, "/limit"),
        ("/v1/recommend", {"limit": 1_001}, "/limit"),
        ("/v1/recommend", {"limit": "5"}, "/limit"),
        ("/v1/recommend", {"limit": 2.5}, "/limit"),
        ("/v1/recommend", {"limit": True}, "/limit"),
        ("/v1/recommend", {"user_id": 7}, "/user_id"),
        ("/v1/recommend", {"user_id": ".."}, "/user_id"),
        ("/v1/recommend", {"diversity": 1.5}, "/diversity"),
        ("/v1/recommend", {"explain": "yes"}, "/explain"),
        ("/v1/recommend", {"unknown/field": 1}, "/unknown~1field"),
        ("/v1/recommend", {"filters": {"languages": "de"}}, "/filters/languages"),
        ("/v1/recommend", {"filters": {"languages": ["d e"]}}, "/filters/languages/0"),
        (
            "/v1/recommend",
            {"filters": {"published_after": "2026-05-01"}},
            "/filters/published_after",
        ),
        ("/v1/recommend", {"scenario": "front-page"}, "/scenario"),
        ("/v1/recommend", {"exclude_article_ids": ["a", "b c"]}, "/exclude_article_ids/1"),
        ("/v1/rank", {"user_id": "u"}, "/candidate_article_ids"),
        ("/v1/rank", {"candidate_article_ids": []}, "/candidate_article_ids"),
        (
            "/v1/rank",
            {"user_id": "u", "history_article_ids": [], "candidate_article_ids": ["a"]},
            "",
        ),
        ("/v1/recommend", [1], ""),
        ("/v1/events", {"user_id": "u"}, ""),
    ],
)
def test_a_wrong_field_is_422_and_named(
    service: httpx.Client, path: str, body: Any, pointer: str
) -> None:
    fields = problem(service.post(path, json=body), 422)
    assert pointer in [error["pointer"] for error in fields["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"limit": 0}, "/limit"),
        ({"limit": 10_001}, "/limit"),
        ({"scenario": "nowhere"}, "/scenario"),
        ({"scenario": "No Such"}, "/scenario"),
        ({"boosts": {"categories": {"a": 11}}}, "/boosts/categories/a"),
        ({"boosts": {"authors": {"a": 1}}}, "/boosts/authors"),
        ({"boosts": {"article_ids": {"a b": 1}}}, "/boosts/article_ids/a b/[key]"),
        ({"interests": {"categories": [""]}}, "/interests/categories/0"),
        ({"language_affinity": 1.5}, "/language_affinity"),
        ({"diversity": -0.1}, "/diversity"),
        ({"cursor": ""}, "/cursor"),
    ],
)
def test_a_wrong_wish_is_422_and_named(
    service: httpx.Client, body: dict[str, Any], pointer: str
) -> None:
    fields = problem(service.post("/v1/recommend", json=body), 422)
    assert pointer in [error["pointer"] for error in fields["errors"]]


@pytest.mark.parametrize(
    "article_id", ["a b", "{a}", "a/b", "a%2Fb", "a" * 300, "ä", "a%00b", "%2E%2E", "a\n"]
)
def test_a_bad_id_in_the_path_is_422_and_named(service: httpx.Client, article_id: str) -> None:
    quoted = article_id if "%" in article_id else httpx.QueryParams({"": article_id})
    path = str(quoted).removeprefix("=").replace("+", "%20")
    fields = problem(service.put(f"/v1/articles/{path}", json={"title": "x"}), 422)
    assert fields["errors"][0]["in"] == "path"
    assert fields["errors"][0]["pointer"] == "/article_id"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/title"),
        ({"title": ""}, "/title"),
        ({"title": "  \t "}, "/title"),
        ({"title": "x" * 100_000}, "/title"),
        ({"title": ["x"]}, "/title"),
        ({"title": "x", "published_at": "2026-05-01T08:00:00"}, "/published_at"),
        ({"title": "x", "published_at": 1_700_000_000}, "/published_at"),
        ({"title": "x", "published_at": "2026-13-01T08:00:00Z"}, "/published_at"),
        ({"title": "x", "published_at": "0001-01-01T00:00:00+23:59"}, "/published_at"),
        ({"title": "x", "expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"title": "x", "language": "German!"}, "/language"),
        ({"title": "x", "url": "javascript:alert(1)"}, "/url"),
        ({"title": "x", "headline": "y"}, "/headline"),
        ({"title": "x", "entities": ["y"]}, "/entities/0"),
    ],
)
def test_a_wrong_article_is_422_named_and_not_stored(
    service: httpx.Client, fields: dict[str, Any], pointer: str
) -> None:
    answer = problem(service.put("/v1/articles/never-stored", json=fields), 422)
    assert pointer in [error["pointer"] for error in answer["errors"]]
    problem(service.get("/v1/articles/never-stored"), 404)


def test_too_many_items_are_413(service: httpx.Client) -> None:
    articles = [{"article_id": f"too-many-{n}", "title": "x"} for n in range(1_001)]
    problem(service.post("/v1/articles", json=articles), 413)
    problem(service.get("/v1/articles/too-many-0"), 404)
    events = [{"user_id": "u", "article_id": "a", "type": "click"}] * 1_001
    problem(service.post("/v1/events", json=events), 413)
    candidates = [f"a{n}" for n in range(10_001)]
    problem(service.post("/v1/rank", json={"candidate_article_ids": candidates}), 413)


def test_too_large_a_body_is_413_declared_or_not(service: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    large = b" " * (16 * 1024 * 1024 + 1)
    problem(service.post("/v1/articles", content=large, headers=headers), 413)
    pieces = (large[: 1024 * 1024] for _ in range(17))
    problem(service.post("/v1/articles", content=pieces, headers=headers), 413)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_another_content_type_is_415(service: httpx.Client, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    for path in ("/v1/recommend", "/v1/articles", "/v1/events"):
        problem(service.post(path, content=b"{}", headers=headers), 415)


def test_an_unknown_path_is_404_and_a_wrong_method_405(service: httpx.Client) -> None:
    problem(service.get("/v2/recommend"), 404)
    response = service.patch("/v1/recommend")
    problem(response, 405)
    assert response.headers["allow"] == "POST"
    response = service.patch("/v1/articles/a")
    problem(response, 405)
    assert response.headers["allow"] == "DELETE, GET, PUT"


def test_a_whole_number_may_be_written_with_a_point(service: httpx.Client) -> None:
    answer = service.post("/v1/recommend", content=b'{"limit": 1.0}', headers=JSON)
    assert answer.status_code == 200


def test_markup_and_odd_text_are_stored_as_sent(service: httpx.Client) -> None:
    title = "<script>alert('x')</script> {title} %s \u202e \U0001f4f0 NaN"
    service.put("/v1/articles/odd-text", json={"title": title})
    assert service.get("/v1/articles/odd-text").json()["title"] == title

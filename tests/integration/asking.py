"""Short ways to say what most tests do."""

import time
from collections.abc import Callable
from typing import Any

import httpx


def put(service: httpx.Client, article_id: str, title: str, **fields: Any) -> httpx.Response:
    """Put one article that must be accepted."""
    response = service.put(f"/v1/articles/{article_id}", json={"title": title, **fields})
    assert response.status_code in (200, 201), response.text
    return response


def click(service: httpx.Client, user_id: str, *article_ids: str, **fields: Any) -> None:
    """Click articles, in order; every click must be recorded."""
    events = [
        {"user_id": user_id, "article_id": article_id, "type": "click", **fields}
        for article_id in article_ids
    ]
    response = service.post("/v1/events", json=events)
    assert response.status_code == 200, response.text
    assert response.json()["rejected"] == 0, response.text


def recommend(service: httpx.Client, **request: Any) -> dict[str, Any]:
    """Recommendations."""
    response = service.post("/v1/recommend", json=request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    """The articles of an answer, in order."""
    return [item["article_id"] for item in answer["items"]]


def eventually(check: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition that another process brings about."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.01)

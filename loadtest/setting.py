"""What is there before the clock starts: sent without Locust, which counts none of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from loadtest.readers import Reader
from loadtest.replay import Timeline, sent_article, sent_time
from loadtest.scene import Scene

AT_ONCE: Final = 500
ANSWER_SECONDS: Final = 120.0


class SceneFailed(Exception):
    """What the test begins with could not be sent."""


def stock(scene: Scene, address: str, headers: Mapping[str, str]) -> None:
    """The articles of the days before. Raises SceneFailed."""
    written = scene.writer.stock(scene.profile.newsroom.stock, datetime.now(UTC))
    with _client(address, headers) as client:
        _publish(scene, client, dict(written))


def logged_past(
    scene: Scene, timeline: Timeline, address: str, headers: Mapping[str, str]
) -> Mapping[str, Reader]:
    """What there was before the replayed part of a log: articles, and the readers, by their ids in
    the log, with what they had clicked. Raises SceneFailed.
    """
    until = scene.writer.until
    articles = {scene.prefix + one.article_id: sent_article(one, until) for one in timeline.stock}
    with _client(address, headers) as client:
        _publish(scene, client, articles)
        return _remembered(scene, client, timeline)


def _publish(scene: Scene, client: httpx.Client, articles: Mapping[str, dict[str, Any]]) -> None:
    listed = [{"article_id": article_id, **one} for article_id, one in articles.items()]
    _send(client, "/v1/articles", listed)
    for article_id, article in articles.items():
        scene.shelf.published(article_id, article)


def _remembered(scene: Scene, client: httpx.Client, timeline: Timeline) -> Mapping[str, Reader]:
    """The log's readers under ids of this run's own, with what they had clicked before."""
    named = dict.fromkeys(visit.impression.user_id for visit in timeline.visits)
    readers = {user_id: Reader(scene.prefix + user_id) for user_id in named}
    started, events = datetime.now(UTC), []
    for user_id, clicks in timeline.histories.items():
        reader = readers[user_id]
        for click in clicks:
            reader.clicked(scene.prefix + click.article_id)
            moment = sent_time(timeline, click, started).isoformat()
            event = {"user_id": reader.user_id, "article_id": reader.newest_click}
            events.append({**event, "type": "click", "timestamp": moment})
    _send(client, "/v1/events", events)
    return readers


def _send(client: httpx.Client, path: str, items: Sequence[Mapping[str, Any]]) -> None:
    """Send a batch that must be taken. Raises SceneFailed."""
    for first in range(0, len(items), AT_ONCE):
        answer = client.post(path, json=items[first : first + AT_ONCE])
        if answer.status_code != 200 or answer.json()["rejected"]:
            raise SceneFailed(
                f"POST {path} was answered {answer.status_code}: the scene is not set"
            )


@contextmanager
def _client(address: str, headers: Mapping[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers=dict(headers), timeout=ANSWER_SECONDS) as client:
        yield client

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.importing.errors import Refused, Unreadable
from service.importing.events import post_events, sample_clicks
from tests.unit.importing.conftest import IMPATIENT
from tests.unit.importing.recording_service import RecordingService

Write = Callable[[str, str | bytes], Path]
NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def reader(user_id: str, *clicks: tuple[str, int]) -> str:
    described = [{"article_id": article, "minutes_ago": minutes} for article, minutes in clicks]
    return json.dumps({"user_id": user_id, "name": "N", "languages": ["en"], "clicks": described})


def test_a_readers_clicks_become_events(write: Write) -> None:
    path = write("readers.jsonl", reader("u1", ("a1", 90), ("a1", 30)) + "\n" + reader("u2"))
    first, second = sample_clicks(path, NOW)
    assert first.pop("event_id") != second.pop("event_id")
    assert [first, second] == [
        {
            "user_id": "u1",
            "article_id": "a1",
            "type": "click",
            "timestamp": timestamp,
        }
        for timestamp in ("2026-05-01T06:30:00Z", "2026-05-01T07:30:00Z")
    ]


def test_clicks_loaded_twice_count_once(service: RecordingService, write: Write) -> None:
    readers = [reader(f"u{n}", ("a1", 3), ("a2", 2), ("a1", 1)) for n in range(4)]
    path = write("readers.jsonl", "\n".join(readers))
    first = post_events(sample_clicks(path, NOW), to=service.url, batch_size=5)
    later = datetime(2026, 5, 2, tzinfo=UTC)
    second = post_events(sample_clicks(path, later), to=service.url)
    assert (first.recorded, first.duplicates) == (12, 0)
    assert (second.recorded, second.duplicates) == (0, 12)
    assert sorted(len(items) for _, _, items in service.posts) == [2, 5, 5, 12]
    assert {path for path, _, _ in service.posts} == {"/v1/events"}


def test_rejected_events_are_told_with_their_reason(service: RecordingService) -> None:
    good: dict[str, Any] = {"user_id": "u", "article_id": "a", "type": "click"}
    events = [good, {**good, "type": "stare"}, {**good, "user_id": "\ud800"}]
    report = post_events(events, to=service.url, api_key="k")
    assert report.recorded == 1
    places = [(rejection.place, rejection.reason[:17]) for rejection in report.rejections]
    assert places == [("event 2", "/type input shoul"), ("event 3", "cannot be written")]
    assert service.posts[0][1]["authorization"] == "Bearer k"


def test_busy_and_refusing_services_are_met_as_with_articles(service: RecordingService) -> None:
    events = [{"user_id": "u", "article_id": "a", "type": "click"}]
    service.script = [(503, {"Retry-After": "0"}, {"detail": "later"})]
    assert post_events(events, to=service.url, patience=IMPATIENT).recorded == 1
    service.script = [(403, {}, {"detail": "scope write is missing"})]
    with pytest.raises(Refused, match="scope write is missing"):
        post_events(events, to=service.url)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"clicks": []}{',
        '{"user_id": "u"}',
        '{"user_id": "u", "clicks": [{"article_id": "a"}]}',
        '{"user_id": "u", "clicks": [{"article_id": "a", "minutes_ago": "x"}]}',
        '{"user_id": "u", "clicks": [{"article_id": "a", "minutes_ago": 1000000000000}]}',
    ],
)
def test_a_line_that_is_no_reader_is_named(write: Write, line: str) -> None:
    path = write("readers.jsonl", reader("u1", ("a", 1)) + "\n" + line)
    with pytest.raises(Unreadable, match=r"readers\.jsonl:2 is no sample reader"):
        list(sample_clicks(path, NOW))

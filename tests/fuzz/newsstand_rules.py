"""What may be done to a newsstand, in any order, and what must then hold: Hypothesis's rules."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.fuzz.plain_newsstand import Fields, PlainNewsstand
from tests.integration.asking import eventually, recommend
from tests.integration.newsroom import SUBJECTS

ARTICLES, READERS = range(7), range(3)
TITLES = [title for titles in SUBJECTS.values() for title in titles]
KINDS = ["click", "click", "click", "impression", "like", "dislike", "hide"]
TIMES = {"long ago": -86_400, "an hour ago": -3_600, "soon": 240}
"""Seconds from the beginning. What says no time happens now: before "soon", after all others."""

article = st.sampled_from(ARTICLES)
reader = st.sampled_from(READERS)
limit = st.integers(1, 8)
fields = st.fixed_dictionaries(
    {"title": st.sampled_from(TITLES)},
    optional={
        "language": st.sampled_from(["de", "en"]),
        "category": st.sampled_from(list(SUBJECTS)),
        "expires_at": st.sampled_from(["1999-12-31T00:00:00Z", "2999-12-31T00:00:00Z"]),
    },
)
event = st.fixed_dictionaries(
    {"user_id": reader, "article_id": article, "type": st.sampled_from(KINDS)},
    optional={
        "timestamp": st.sampled_from(sorted(TIMES)),
        "event_id": st.sampled_from(["e0", "e1", "e2"]),
        "dwell_seconds": st.integers(0, 600),
    },
)


class Newsstand(RuleBasedStateMachine):
    """The rules. Ids and the source of all articles bear a tag: of what others do on the same
    service nothing is seen.
    """

    def __init__(self, service: httpx.Client) -> None:
        super().__init__()
        self.service, self.plain = service, PlainNewsstand()
        self.began, self.tag = datetime.now(UTC), uuid.uuid4().hex[:10]
        self.pages: dict[str, Pages] = {}

    def named(self, number: int) -> str:
        """The id of an article or a reader."""
        return f"{number}-{self.tag}"

    @initialize(several=st.lists(st.tuples(article, fields), max_size=7))
    def stock(self, several: list[tuple[int, Fields]]) -> None:
        """Begin with articles, sent together; the last of the same id counts."""
        if several:
            self.post_articles(several)

    @rule(number=article, given=fields)
    def put(self, number: int, given: Fields) -> None:
        sent = self._article(given)
        answer = self.service.put(f"/v1/articles/{self.named(number)}", json=sent)
        status = self._put_here(self.named(number), sent)
        assert answer.json()["status"] == status
        assert answer.status_code == (201 if status == "created" else 200)

    @rule(several=st.lists(st.tuples(article, fields), min_size=1, max_size=4))
    def post_articles(self, several: list[tuple[int, Fields]]) -> None:
        sent = [(self.named(number), self._article(given)) for number, given in several]
        batch = [{"article_id": article_id, **one} for article_id, one in sent]
        answer = self.service.post("/v1/articles", json=batch).json()
        statuses = [self._put_here(article_id, one) for article_id, one in sent]
        assert [result["status"] for result in answer["results"]] == statuses

    @rule(number=article)
    def withdraw(self, number: int) -> None:
        assert self.service.delete(f"/v1/articles/{self.named(number)}").status_code == 204
        self.plain.withdraw(self.named(number))
        self._touched(self.named(number))

    @rule(number=article)
    def get_article(self, number: int) -> None:
        answer = self.service.get(f"/v1/articles/{self.named(number)}")
        expected = self.plain.stored.get(self.named(number))
        if expected is None:
            assert answer.status_code == 404
        elif self.named(number) not in self.plain.expired:
            assert expected.items() <= answer.json().items()

    @rule(several=st.lists(event, min_size=1, max_size=6), in_lines=st.booleans())
    def post_events(self, several: list[Fields], in_lines: bool) -> None:
        now = datetime.now(UTC)
        sent, moments = zip(*(self._event(one, now) for one in several), strict=True)
        results = self._record(sent, in_lines)
        expected = map(self.plain.record, sent, moments)
        assert [one["status"] for one in results] == list(expected)
        for one in sent:
            self._touched(one["article_id"], one["user_id"])

    @rule(user=reader)
    def erase(self, user: int) -> None:
        path = f"/v1/users/{self.named(user)}"
        assert self.service.delete(path).status_code == 204
        self.plain.erase(self.named(user))
        self.pages.pop(self.named(user), None)
        assert self.service.get(path).status_code == 404

    @rule(user=reader)
    def get_reader(self, user: int) -> None:
        user_id = self.named(user)
        answer = self.service.get(f"/v1/users/{user_id}")
        stored = answer.json() if answer.status_code == 200 else {}
        known = self.plain.reader(user_id)
        history = [click["article_id"] for click in stored.get("history", [])]
        assert history == known.history
        marks = {(mark["type"], mark["article_id"]) for mark in stored.get("marks", [])}
        assert marks == known.marks
        assert len(stored.get("event_ids", [])) == len(known.event_ids)

    @rule(user=reader, most=limit, without=st.lists(article, max_size=2), explain=st.booleans())
    def recommend(self, user: int, most: int, without: list[int], explain: bool) -> None:
        excluded = [self.named(number) for number in without]
        asked = {"limit": most, "exclude_article_ids": excluded, "explain": explain}
        answer = self._recommend(user, scenario="model", **asked)
        available = self.plain.available(self.named(user), excluded)
        assert len(answer["items"]) == min(most, len(available))
        assert {item["article_id"] for item in answer["items"]} <= available
        assert answer["degraded"] == self.plain.reader(self.named(user)).degraded()
        for item in answer["items"] if explain else ():
            _explained(item)

    @rule(user=reader, most=limit, diversity=st.sampled_from([None, 0.0, 0.7]))
    def recommend_with_policy(self, user: int, most: int, diversity: float | None) -> None:
        answer = self._recommend(user, limit=most, diversity=diversity)
        shown = {item["article_id"] for item in answer["items"]}
        assert shown <= self.plain.available(self.named(user), [])

    @rule(user=reader, most=st.integers(1, 3))
    def turn_a_page(self, user: int, most: int) -> None:
        user_id = self.named(user)
        available = self.plain.available(user_id, [])
        pages = self.pages.setdefault(user_id, Pages(most, set(available)))
        cursor = {} if pages.cursor is None else {"cursor": pages.cursor}
        answer = self._recommend(user, limit=pages.limit, scenario="model", **cursor)
        page = {item["article_id"] for item in answer["items"]}
        assert page <= available - pages.shown
        pages.shown |= page
        pages.cursor = answer["next_cursor"]
        if pages.cursor is None:
            assert pages.due <= pages.shown
            del self.pages[user_id]

    @rule(user=reader, numbers=st.lists(article, min_size=1, max_size=9))
    def rank(self, user: int, numbers: list[int]) -> None:
        candidates = [self.named(number) for number in numbers]
        body = {"user_id": self.named(user), "candidate_article_ids": candidates}
        answer = self.service.post("/v1/rank", json=body).json()
        ranked = [item["article_id"] for item in answer["items"]]
        unknown = answer["unknown_article_ids"]
        assert sorted(ranked + unknown) == sorted(set(candidates))
        assert set(ranked) >= self.plain.live & set(candidates)
        assert set(unknown) >= set(candidates) - self.plain.stored.keys()
        scores = [item["score"] for item in answer["items"]]
        assert None in scores or scores == sorted(scores, reverse=True)

    @rule(number=article, most=limit)
    def similar(self, number: int, most: int) -> None:
        article_id = self.named(number)
        query = {"limit": most, "sources": self.tag}
        answer = self.service.get(f"/v1/articles/{article_id}/similar", params=query)
        if article_id not in self.plain.live:
            assert answer.status_code == 404
            return
        found = [item["article_id"] for item in answer.json()["items"]]
        others = self.plain.live - {article_id}
        assert set(found) <= others
        assert len(found) == len(set(found)) == min(most, len(others))

    @rule(most=limit)
    def trending(self, most: int) -> None:
        query = {"limit": most, "sources": self.tag}
        answer = self.service.get("/v1/trending", params=query).json()
        found = [item["article_id"] for item in answer["items"]]
        assert len(found) == len(set(found)) <= most
        assert set(found) <= self.plain.live

    def _article(self, given: Fields) -> Fields:
        return {**given, "source": self.tag}

    def _put_here(self, article_id: str, sent: Fields) -> str:
        self._touched(article_id)
        return self.plain.put(article_id, sent, sent.get("expires_at", "2").startswith("1"))

    def _event(self, given: Fields, now: datetime) -> tuple[Fields, int]:
        """The event as it is sent, and when it happens (ms)."""
        ids = {name: self.named(given[name]) for name in ("user_id", "article_id")}
        if "timestamp" not in given:
            return {**given, **ids}, int(now.timestamp() * 1000)
        moment = self.began + timedelta(seconds=TIMES[given["timestamp"]])
        sent = {**given, **ids, "timestamp": moment.isoformat()}
        return sent, int(moment.timestamp() * 1000)

    def _record(self, sent: tuple[Fields, ...], in_lines: bool) -> list[Fields]:
        if in_lines:
            lines = "\n".join(map(json.dumps, sent))
            headers = {"content-type": "application/x-ndjson"}
            answer = self.service.post("/v1/events", content=lines, headers=headers)
        else:
            answer = self.service.post("/v1/events", json=sent)
        results: list[Fields] = answer.json()["results"]
        return results

    def _recommend(self, user: int, **asked: Any) -> Fields:
        """A list of this machine's own articles, without repeats. On a busy machine the store may
        be late for a page, and the answer says that it knows nothing of the reader: ask again.
        """
        body = {"user_id": self.named(user), "filters": {"sources": [self.tag]}, **asked}
        answer: Fields = {}

        def knows_the_reader() -> bool:
            answer.update(recommend(self.service, **body))
            return "state_unavailable" not in answer["degraded"]

        eventually(knows_the_reader)
        ids = [item["article_id"] for item in answer["items"]]
        assert len(ids) == len(set(ids)) <= body.get("limit", 10)
        assert [item["rank"] for item in answer["items"]] == list(range(1, len(ids) + 1))
        return answer

    def _touched(self, article_id: str, user_id: str | None = None) -> None:
        """Pages that were begun (this reader's, or all) need not hold the article any more."""
        for begun, pages in self.pages.items():
            if user_id in (None, begun):
                pages.due.discard(article_id)


class Pages:
    """A list that a reader is turning the pages of."""

    def __init__(self, most: int, due: set[str]) -> None:
        self.limit, self.due = most, due
        self.shown: set[str] = set()
        self.cursor: str | None = None


def _explained(item: Fields) -> None:
    """Contributions sum to the relevance, parts to the score."""
    reason = item["reason"]
    assert sum(reason["parts"].values()) == pytest.approx(item["score"], abs=1e-6)
    if item["relevance"] is not None:
        contributions = sum(click["contribution"] for click in reason["clicks"])
        assert contributions == pytest.approx(item["relevance"], abs=1e-6)

"""Requests as Locust users send them, with every answer checked.

An answer that breaks a promise is a failure in Locust's statistics, named after the promise.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import gevent
from locust import FastHttpUser

from loadtest import correctness, profiles
from loadtest.correctness import Answer, Asked, Fault
from loadtest.profiles import Call
from loadtest.readers import Reader
from loadtest.scene import Scene

ANSWER_SECONDS: Final = 10.0
WAITS_AT_MOST: Final = 1.0
"""Who waits for what is due looks so often whether the run is over."""
Check = Callable[[Any], list[Fault]]


@dataclass(frozen=True)
class Page:
    """What a reader sees: articles by id, and what it takes to see more."""

    article_ids: Sequence[str]
    recommendation_id: str
    cursor: str | None
    wishes: Mapping[str, Any]
    shown: frozenset[str]
    """On this page and on those before it."""


class Visitor(FastHttpUser):
    """A user of the service; each knows the scene."""

    abstract = True
    scene: ClassVar[Scene]
    network_timeout = ANSWER_SECONDS
    connection_timeout = ANSWER_SECONDS

    def until(self, due: float) -> bool:
        """Wait for this second of the test, but not for long; whether it has come."""
        gevent.sleep(min(max(due - self.scene.seconds, 0.0), WAITS_AT_MOST))
        return self.scene.seconds >= due

    def ask(
        self,
        call: Call,
        check: Check,
        body: object = None,
        article_id: str = "",
        missing: Callable[[], bool] = lambda: False,
    ) -> Any:
        """The answer, checked; None where there is no good one. ``missing`` says whether the
        article may be gone by now, so that 404 is right.
        """
        method, _, path = call.partition(" ")
        address, tally = path.replace("{id}", article_id), self.scene.tally
        with self.client.request(
            method, address, name=path, json=body, catch_response=True
        ) as response:
            if response.status_code == 404 and missing():
                response.success()
                return None
            if not 200 <= response.status_code < 300:
                tally.failed[call] += 1
                response.failure(_why(response.status_code))
                return None
            answer = response.json() if response.content else {}
            found = check(answer)
            if found:
                tally.found(found, str(answer.get("recommendation_id", path)))
                response.failure("; ".join(found))
            return answer

    def recommend(self, reader: Reader, before: Page | None = None, **wishes: Any) -> Page | None:
        """A page for the reader, or the next one after ``before``, for which the same is wished."""
        wishes = dict(before.wishes) if before is not None else wishes
        earlier = before.shown if before is not None else frozenset[str]()
        body = {"user_id": reader.user_id, "session_article_ids": reader.session, **wishes}
        if before is not None:
            body["cursor"] = before.cursor
        asked = _asked(reader, body, earlier)

        def check(answer: Answer) -> list[Fault]:
            self.scene.tally.recommendations += 1
            self.scene.tally.without_state += correctness.without_state(answer)
            return correctness.faults(asked, answer, self.scene.shelf)

        answer = self.ask(profiles.RECOMMEND, check, body)
        if answer is None:
            return None
        ids = [item["article_id"] for item in answer["items"]]
        shown = earlier.union(ids)
        return Page(ids, answer["recommendation_id"], answer["next_cursor"], wishes, shown)

    def tell(self, events: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Send events: whether each was recorded. One on an article that is gone may be refused."""
        recorded = [False] * len(events)

        def check(answer: Answer) -> list[Fault]:
            results = answer["results"]
            recorded[:] = [result["status"] != "rejected" for result in results]
            return _refused(
                (one["article_id"] in self.scene.shelf.articles, taken)
                for one, taken in zip(events, recorded, strict=True)
            )

        self.ask(profiles.EVENTS, check, events)
        return recorded


def _asked(reader: Reader, body: Mapping[str, Any], earlier: frozenset[str]) -> Asked:
    """What is known at the moment at which the request leaves."""
    filters = body.get("filters") or {}
    categories = filters.get("categories")
    return Asked(
        moment=time.monotonic(),
        limit=body["limit"],
        never_again=frozenset(reader.never_again),
        excluded=frozenset([*body["session_article_ids"], *body.get("exclude_article_ids", ())]),
        earlier=earlier,
        categories=None if categories is None else frozenset(categories),
        newest_click=reader.newest_click,
        explain=bool(body.get("explain")),
    )


def all_accepted(answer: Answer) -> list[Fault]:
    """The check of a batch of articles."""
    return ["article refused"] if answer["rejected"] else []


def event(reader: Reader, page: Page, article_id: str, kind: str) -> dict[str, Any]:
    """What a reader does with an article of a page; sent twice, it counts once."""
    return {
        "user_id": reader.user_id,
        "article_id": article_id,
        "type": kind,
        "recommendation_id": page.recommendation_id,
        "event_id": f"{page.recommendation_id}-{article_id}-{kind}",
    }


def _refused(taken: Iterable[tuple[bool, bool]]) -> list[Fault]:
    """``taken``: of each event, whether its article is live, and whether it was recorded."""
    return ["event refused"] if any(live and not ok for live, ok in taken) else []


def _why(status: int) -> str:
    return f"status {status}" if status else "no answer"

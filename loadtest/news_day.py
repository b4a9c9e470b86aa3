"""A news day: readers arrive, look, read, hide and page on; the newsroom writes beside them."""

import time
from collections.abc import Sequence
from typing import Any, Final

import gevent
from locust import task

from loadtest import day, newsroom, profiles
from loadtest.correctness import Answer, Fault, listing_faults
from loadtest.newsroom import BIG_STORY_DESK, Deed
from loadtest.readers import Reader
from loadtest.visitor import WAITS_AT_MOST, Page, Visitor, all_accepted, event

PAGE_LENGTHS: Final = (10, 20)
ACTS: Final = {"read": 10, "page on": 3, "hide": 1, "similar": 2, "trending": 1, "look again": 3}
"""What readers do with what they see, and how often."""
MOST_ACTS: Final = 8
EXPLAINED: Final = 0.25
EXCLUDES: Final = 0.1
"""So often the caller leaves something out that its page shows already."""
LOOK_LIMIT: Final = 1_000


class Reads(Visitor):
    """Someone who reads. A visit is one task, so that a run ends between two acts."""

    abstract = True

    def wait_time(self) -> float:
        """How long one looks at something."""
        return self.scene.rng.uniform(*self.scene.profile.crowd.pause_seconds)

    def visit(self, reader: Reader) -> None:
        """Look, and do some things with what is seen."""
        rng = self.scene.rng
        page = self._look(reader)
        for _ in range(rng.randint(1, MOST_ACTS)):
            self.wait()
            if page is None or not page.article_ids:
                page = self._look(reader)
            else:
                page = self._act(rng.choices(*zip(*ACTS.items(), strict=True))[0], reader, page)

    def _act(self, act: str, reader: Reader, page: Page) -> Page | None:
        article_id = self.scene.rng.choice(page.article_ids)
        match act:
            case "read":
                self._read(reader, page, article_id)
            case "hide":
                self._hide(reader, page, article_id)
            case "similar":
                self._list(profiles.SIMILAR, article_id)
            case "trending":
                self._list(profiles.TRENDING)
            case "page on" if page.cursor is not None:
                return self.recommend(reader, before=page)
            case _:
                return self._look(reader)
        return page

    def _look(self, reader: Reader) -> Page | None:
        rng, shelf = self.scene.rng, self.scene.shelf
        wishes: dict[str, Any] = {
            "limit": rng.choice(PAGE_LENGTHS),
            "explain": rng.random() < EXPLAINED,
        }
        if day.big_story(self.scene.moment) and rng.random() < day.STORY_FOLLOWED_BY:
            wishes["filters"] = {"categories": [BIG_STORY_DESK]}
        if shelf.articles and rng.random() < EXCLUDES:
            wishes["exclude_article_ids"] = [next(reversed(shelf.articles))]
        return self.recommend(reader, **wishes)

    def _read(self, reader: Reader, page: Page, article_id: str) -> None:
        shelf = self.scene.shelf
        article = self.ask(
            profiles.READ,
            lambda _: [],
            article_id=article_id,
            missing=lambda: article_id not in shelf.articles,
        )
        if article is None:
            return
        if reader.user_id is None:
            reader.clicked(article_id)
            return
        seen = page.article_ids[: page.article_ids.index(article_id)]
        events = [event(reader, page, shown, "impression") for shown in seen]
        click = event(reader, page, article_id, "click")
        events.append({**click, "dwell_seconds": self.wait_time()})
        if self.tell(events)[-1]:
            reader.clicked(article_id)

    def _hide(self, reader: Reader, page: Page, article_id: str) -> None:
        if reader.user_id is not None and self.tell([event(reader, page, article_id, "hide")])[0]:
            reader.hid(article_id)

    def _list(self, call: profiles.Call, article_id: str = "") -> None:
        sent, shelf = time.monotonic(), self.scene.shelf

        def check(answer: Answer) -> list[Fault]:
            return listing_faults(len(answer["items"]), sent, answer, shelf)

        self.ask(call, check, article_id=article_id, missing=lambda: bool(article_id))


class NamedReader(Reads):
    """A reader with an id, who may come again."""

    @task
    def come(self) -> None:
        """One visit."""
        reader = self.scene.readership.arrives()
        try:
            self.visit(reader)
        finally:
            self.scene.readership.leaves(reader)


class Stranger(Reads):
    """A reader without an id, of whom the request says what this session has read."""

    @task
    def come(self) -> None:
        """One visit."""
        self.visit(Reader(None))


class Editor(Visitor):
    """The newsroom: does what is planned when it is due."""

    fixed_count = 1
    wait_time = staticmethod(lambda: 0.0)

    def on_start(self) -> None:
        """Plan the day."""
        profile = self.scene.profile
        self._plan = iter(newsroom.plan(profile.newsroom, profile.seconds, self.scene.rng))
        self._next = next(self._plan, None)

    @task
    def next_deed(self) -> None:
        """Do the next thing that is due, or wait."""
        if self._next is None:
            gevent.sleep(WAITS_AT_MOST)
        elif self.until(self._next.due):
            self._do(self._next)
            self._next = next(self._plan, None)

    def _do(self, deed: Deed) -> None:
        match deed.what:
            case "article":
                self._write(*self.scene.writer.article(self.scene.moment, "desk"))
            case "correct":
                article_id = self._any()
                article = self.scene.shelf.articles[article_id]
                self._write(article_id, self.scene.writer.corrected(article))
            case "withdraw":
                self._withdraw(self._any())
            case "burst":
                self._break_news(deed)
            case "look":
                self._look_for(deed)

    def _any(self) -> str:
        return self.scene.rng.choice(list(self.scene.shelf.articles))

    def _write(self, article_id: str, article: dict[str, Any]) -> None:
        if self.ask(profiles.WRITE, lambda _: [], article, article_id) is not None:
            self.scene.shelf.published(article_id, article)

    def _withdraw(self, article_id: str) -> None:
        self.scene.shelf.withdrawing(article_id)
        if self.ask(profiles.WITHDRAW, lambda _: [], article_id=article_id) is not None:
            self.scene.shelf.withdrawn(article_id, time.monotonic())

    def _break_news(self, deed: Deed) -> None:
        source = newsroom.burst_source(self.scene.prefix, deed.number)
        many = range(self.scene.profile.newsroom.burst_articles)
        written = [self.scene.writer.article(self.scene.moment, source) for _ in many]
        body = [{"article_id": article_id, **article} for article_id, article in written]
        if self.ask(profiles.BATCH, all_accepted, body) is not None:
            for article_id, article in written:
                self.scene.shelf.published(article_id, article)

    def _look_for(self, deed: Deed) -> None:
        """All of a burst that is still live must be found by now, in every process."""
        source = newsroom.burst_source(self.scene.prefix, deed.number)
        wanted = set(self.scene.shelf.from_source(source))
        body = {"limit": LOOK_LIMIT, "scenario": "model", "filters": {"sources": [source]}}

        def check(answer: Answer) -> list[Fault]:
            found = {item["article_id"] for item in answer["items"]}
            return [] if wanted <= found else ["published and not found"]

        self.ask(profiles.RECOMMEND, check, body)


USERS: Final[Sequence[type[Visitor]]] = (NamedReader, Stranger, Editor)

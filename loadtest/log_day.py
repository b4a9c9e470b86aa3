"""A logged day: who came comes again, at their time, and clicks what they clicked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

import gevent
from locust import task

from loadtest import profiles
from loadtest.readers import Reader
from loadtest.replay import Timeline, Visit, sent_article
from loadtest.visitor import WAITS_AT_MOST, Page, Visitor, all_accepted, event
from service.replay.log import LoggedClick

LIMIT: Final = 20
EXPLAINED: Final = 0.25
SENT_AT_ONCE: Final = 100
GATHERED_SECONDS: Final = 0.05
"""So long the newsroom gathers what is due, to send it together."""


class Played(Visitor):
    """A user of a replay, who has the timeline."""

    abstract = True
    timeline: ClassVar[Timeline]
    wait_time = staticmethod(lambda: 0.0)


class LoggedReaders(Played):
    """Some of the log's readers: all visits of a reader are played by one user, in order."""

    seats: ClassVar[Iterator[list[Visit]]]
    readers: ClassVar[Mapping[str, Reader]]

    def on_start(self) -> None:
        """Take a seat."""
        self._visits = iter(next(self.seats))
        self._next = next(self._visits, None)

    @task
    def next_visit(self) -> None:
        """Play what is due, or wait."""
        if self._next is None:
            gevent.sleep(WAITS_AT_MOST)
        elif self.until(self._next.due):
            self.scene.tally.late_seconds.append(self.scene.seconds - self._next.due)
            self._play(self._next)
            self._next = next(self._visits, None)

    def _play(self, visit: Visit) -> None:
        impression = visit.impression
        reader = self.readers[impression.user_id]
        page = self.recommend(reader, limit=LIMIT, explain=self.scene.rng.random() < EXPLAINED)
        if page is None:
            return
        shown = [self.scene.prefix + article_id for article_id in impression.shown]
        events = [event(reader, page, article_id, "impression") for article_id in shown]
        events += [self._click(reader, page, click) for click in impression.clicked]
        there = self.scene.shelf.articles  # what the newsroom is late with cannot be read yet
        events = [one for one in events if one["article_id"] in there]
        for one, recorded in zip(events, self.tell(events) if events else (), strict=True):
            if recorded and one["type"] == "click":
                reader.clicked(one["article_id"])

    def _click(self, reader: Reader, page: Page, click: LoggedClick) -> dict[str, Any]:
        clicked = event(reader, page, self.scene.prefix + click.article_id, "click")
        if click.dwell_seconds is not None:
            clicked["dwell_seconds"] = click.dwell_seconds
        return clicked


class LoggedNewsroom(Played):
    """What was new that day, in batches of what is due."""

    fixed_count = 1

    def on_start(self) -> None:
        """Lay out the day."""
        self._to_come = list(self.timeline.breaking)

    @task
    def publish(self) -> None:
        """Send what is due, or wait."""
        if not self._to_come:
            gevent.sleep(WAITS_AT_MOST)
        elif self.until(self._to_come[0][0]):
            self._send_due()

    def _send_due(self) -> None:
        now, until, prefix = self.scene.seconds, self.scene.writer.until, self.scene.prefix
        due = [article for moment, article in self._to_come if moment <= now][:SENT_AT_ONCE]
        del self._to_come[: len(due)]
        body = [{"article_id": prefix + one.article_id, **sent_article(one, until)} for one in due]
        if self.ask(profiles.BATCH, all_accepted, body) is not None:
            for article in body:
                self.scene.shelf.published(article["article_id"], article)
        gevent.sleep(GATHERED_SECONDS)


USERS: Final[Sequence[type[Visitor]]] = (LoggedReaders, LoggedNewsroom)

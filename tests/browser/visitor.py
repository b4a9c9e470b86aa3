"""Someone at the page, in the words of docs/page.md."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Request,
    Route,
    expect,
)

PATIENCE: Final = 30_000
"""Milliseconds: as long as anything may take on a machine that has much else to do."""
PIXEL: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff2c00000000010001000002024401003b"
)
"""A GIF: what any picture from elsewhere is answered with."""
SEEN: Final = """cards => cards.map(card => {
    const reason = card.querySelector("[data-test=reason]");
    return {
        article_id: card.dataset.articleId,
        rank: Number(card.dataset.rank),
        title: card.querySelector("[data-test=headline]").textContent,
        section: card.querySelector(".kicker").textContent,
        language: card.lang,
        direction: getComputedStyle(card).direction,
        published: card.querySelector("time").dateTime,
        source: reason.dataset.source,
        because: reason.querySelector("cite")?.textContent ?? null,
    };
})"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A story as it stands on the front page; ``because`` is the title that its reason names."""

    article_id: str
    rank: int
    title: str
    section: str
    language: str
    direction: str
    published: str
    source: str
    because: str | None


class Visitor:
    """One tab. What the browser complains of is in ``complaints``."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self._home = urlsplit(home).netloc
        self.complaints: list[str] = []
        self.asked: list[Request] = []
        """What the page asked for, of anybody."""
        context.set_default_timeout(PATIENCE)
        context.route(re.compile("^https:"), _answer_with_a_picture)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked.append(request))

    @property
    def strangers(self) -> list[str]:
        """Who was asked but the page's own service, pictures aside."""
        others = [each for each in self.asked if urlsplit(each.url).netloc != self._home]
        return [each.url for each in others if not _is_picture(each)]

    def at(self, hook: str, **data: str) -> Locator:
        """What bears the hook, and the data beside it."""
        beside = "".join(f'[data-{name.replace("_", "-")}="{data[name]}"]' for name in data)
        return self.page.locator(f'[data-test="{hook}"]{beside}')

    def settled(self) -> None:
        """The page is set."""
        expect(self.at("stories")).to_have_attribute("aria-busy", "false")

    @contextmanager
    def anew(self) -> Iterator[None]:
        """What is done here sets the page anew, once it is set."""
        self.settled()
        with self.page.expect_response("**/v1/recommend"):
            yield
        self.settled()

    def stories(self) -> list[Seen]:
        """The front page as it stands, once it is set."""
        self.settled()
        found: list[dict[str, Any]] = self.at("story").evaluate_all(SEEN)
        return [Seen(**each) for each in found]

    def ids(self) -> list[str]:
        """The stories' ids, in order."""
        return [story.article_id for story in self.stories()]

    def read(self, article_id: str) -> None:
        """Open the story, and come back once it counts."""
        with self.anew():
            self.at("story", article_id=article_id).locator("[data-test=headline]").click()
        expect(self.at("reading")).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(self.at("reading")).to_be_hidden()

    def become(self, persona: str) -> None:
        """Read as one of the sample readers; empty for someone new."""
        with self.anew():
            self.at("persona", persona=persona).click()

    def turn_to(self, view: str) -> None:
        """Another page of the paper: ``front-page``, ``side-by-side`` or ``map``."""
        self.at(f"view-{view}").click()
        expect(self.page.locator(f"#{view}")).to_be_visible()

    @property
    def reader(self) -> str:
        """The id that the page made up for who did something."""
        kept = "() => JSON.parse(sessionStorage['newsstand.reader']).id"
        return str(self.page.evaluate(kept))

    @property
    def focused(self) -> dict[str, str]:
        """The data of the element that has the focus, and its ``id``."""
        found: dict[str, str] = self.page.evaluate(
            "() => ({id: document.activeElement.id, ...document.activeElement.dataset})"
        )
        return found

    @property
    def excess(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def forgive(self, complaint: str) -> None:
        """Take away complaints with these words; there must be some."""
        kept = [line for line in self.complaints if complaint not in line]
        assert len(kept) < len(self.complaints), self.complaints
        self.complaints = kept

    def _hear(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def _is_picture(request: Request) -> bool:
    return request.resource_type == "image" and request.url.startswith(("https:", "data:"))


def _answer_with_a_picture(route: Route) -> None:
    route.fulfill(body=PIXEL, content_type="image/gif")

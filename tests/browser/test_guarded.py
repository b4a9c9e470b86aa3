"""A service that asks for keys, is in trouble, or is not there: the page says so, and recovers."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from service.domain.api_key import KeyScope
from tests.browser.conftest import Visit
from tests.browser.examination import LIGHT, WIDTHS, examined
from tests.browser.visitor import Visitor
from tests.integration.asking import eventually
from tests.integration.keyring import Keys
from tests.integration.service_process import ServiceProcess

READ, WRITE, ADMIN = KeyScope
SCOPES: Final = {
    "editor": (READ, WRITE),
    "reader": (READ,),
    "chief": (READ, WRITE, ADMIN),
    "hasty": (READ, WRITE),
}
RATES: Final = {"hasty": 0.01}
HEADLINES = [
    "Ferry runs again after the storm",
    "Storm bends the harbour crane",
    "Choir sings for the night shift",
    "Bakery opens at four for the fishermen",
    "Council votes on a bridge, again",
    "Comet seen above the lighthouse",
]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A service with keys, and the file where its Valkey says who it is."""

    client: httpx.Client
    keys: dict[str, str]
    valkey: Path

    @contextmanager
    def absent_minded(self) -> Iterator[None]:
        """Its Valkey hangs; after that, it takes clicks again."""
        pid = int(self.valkey.read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
        event = {"user_id": "watch", "article_id": "a0", "type": "impression"}
        eventually(lambda: self.client.post("/v1/events", json=[event]).is_success)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A service with keys and a few articles."""
    folder = tmp_path_factory.mktemp("guarded")
    keys = Keys(folder / "keys.json")
    for name, scopes in SCOPES.items():
        keys.create(name, *scopes, rate=RATES.get(name))
    shown = dict(zip(SCOPES, keys.shown, strict=True))
    arguments = ["--data-dir", str(folder / "data"), "--api-keys-file", str(keys.path)]
    with ServiceProcess(*arguments) as running:
        articles = [
            {"article_id": f"a{number}", "title": title, "language": "en", "category": "local"}
            for number, title in enumerate(HEADLINES)
        ]
        running.client.headers["authorization"] = f"Bearer {shown['editor']}"
        running.client.post("/v1/articles", json=articles).raise_for_status()
        yield Guarded(running.client, shown, folder / "data" / "valkey" / "valkey.pid")


def give(visitor: Visitor, key: str) -> None:
    """Answer the dialog."""
    expect(visitor.at("key-dialog")).to_be_visible()
    visitor.at("key-field").fill(key)
    visitor.at("key-give").click()


def admitted(visit: Visit, guarded: Guarded, name: str) -> Visitor:
    """Someone whose key opened the page."""
    visitor = visit(at=guarded.client)
    give(visitor, guarded.keys[name])
    expect(visitor.at("story")).to_have_count(len(HEADLINES))
    visitor.forgive("status of 401")
    return visitor


def test_a_key_is_asked_for_until_one_is_right(visit: Visit, guarded: Guarded) -> None:
    visitor = visit(at=guarded.client)
    expect(visitor.at("key-dialog")).to_be_visible()
    expect(visitor.at("key-field")).to_be_focused()
    expect(visitor.at("key-refused")).to_be_hidden()
    visitor.at("key-none").click()
    expect(visitor.at("trouble").first).to_contain_text("This newsstand asks for a key.")
    visitor.at("retry").first.click()
    give(visitor, "newsstand_0123456789ab_wrong")
    expect(visitor.at("key-refused")).to_be_visible()
    give(visitor, guarded.keys["editor"])
    expect(visitor.at("story")).to_have_count(len(HEADLINES))
    expect(visitor.at("trouble")).to_have_count(0)
    visitor.forgive("status of 401")


def test_the_key_is_kept_for_the_tab_and_nowhere_else(visit: Visit, guarded: Guarded) -> None:
    visitor = admitted(visit, guarded, "editor")
    key = guarded.keys["editor"]
    visitor.page.reload()
    expect(visitor.at("story")).to_have_count(len(HEADLINES))
    kept = visitor.page.evaluate("() => [{...localStorage}, document.cookie, {...sessionStorage}]")
    assert kept[:2] == [{}, ""]
    assert [name for name, value in kept[2].items() if key in value] == ["newsstand.key"]
    assert visitor.page.context.cookies() == []
    assert not any(key in each.url or key in (each.post_data or "") for each in visitor.asked)
    assert key not in visitor.page.content()
    stranger = visit(at=guarded.client)
    expect(stranger.at("key-dialog")).to_be_visible()
    stranger.forgive("status of 401")
    another_tab = visitor.page.context.new_page()
    another_tab.goto("/")
    expect(another_tab.locator("[data-test=key-dialog]")).to_be_visible()


def test_who_may_only_read_is_told_what_a_click_would_take(visit: Visit, guarded: Guarded) -> None:
    visitor = admitted(visit, guarded, "reader")
    before = visitor.ids()
    visitor.at("headline").first.click()
    told = "This key lacks the scope “write”, the one that records what you read."
    expect(visitor.at("reading").locator("[data-test=trouble]")).to_contain_text(told)
    expect(visitor.at("reading-article")).to_be_visible()
    visitor.at("reading-close").click()
    assert visitor.ids() == before
    visitor.forgive("status of 403")
    change_key(visitor, guarded.keys["editor"])
    visitor.read(visitor.ids()[0])
    assert visitor.ids() != before


def change_key(visitor: Visitor, key: str) -> None:
    """Give another key: the page starts again with it."""
    visitor.at("key").click()
    with visitor.page.expect_navigation():
        give(visitor, key)
    expect(visitor.at("stories")).to_have_attribute("aria-busy", "false")


def test_who_may_not_erase_is_told_what_stays(visit: Visit, guarded: Guarded) -> None:
    visitor = admitted(visit, guarded, "editor")
    for key, told in (("editor", "stays until it expires"), ("chief", "nothing is stored")):
        change_key(visitor, guarded.keys[key])
        visitor.read(visitor.ids()[0])
        with visitor.anew():
            visitor.at("forget").click()
        expect(visitor.at("said")).to_contain_text(told)
        expect(visitor.at("history-entry")).to_have_count(0)
    visitor.forgive("status of 403")


def test_a_key_that_comes_too_often_is_told_when_to_try_again(
    visit: Visit, guarded: Guarded
) -> None:
    visitor = visit(at=guarded.client)
    give(visitor, guarded.keys["hasty"])
    told = re.compile(r"That was a little fast for this key\. Try again in \d+ s\.")
    expect(visitor.at("trouble").first).to_contain_text(told)
    visitor.forgive("status of 401")
    visitor.forgive("status of 429")
    change_key(visitor, guarded.keys["editor"])
    expect(visitor.at("story")).to_have_count(len(HEADLINES))
    expect(visitor.at("trouble")).to_have_count(0)


def test_a_memory_that_is_away_is_told_and_nothing_is_counted_twice(
    visit: Visit, guarded: Guarded
) -> None:
    visitor = admitted(visit, guarded, "chief")
    with guarded.absent_minded():
        visitor.at("headline").first.click()
        told = "The house is busy, or its memory is away. Try again in"
        trouble = visitor.at("reading").locator("[data-test=trouble]")
        expect(trouble).to_contain_text(told)
        visitor.at("reading-close").click()
    visitor.forgive("status of 503")
    with visitor.anew():
        visitor.at("retry").first.click()
    expect(visitor.at("trouble")).to_have_count(0)
    expect(visitor.at("history-entry")).to_have_count(1)
    headers = {"authorization": f"Bearer {guarded.keys['chief']}"}
    stored = guarded.client.get(f"/v1/users/{visitor.reader}", headers=headers).json()
    assert len(stored["history"]) == 1


def test_off_line_is_told_and_ends_by_itself(visit: Visit, guarded: Guarded) -> None:
    visitor = admitted(visit, guarded, "editor")
    visitor.page.context.set_offline(True)
    hidden = visitor.ids()[0]
    visitor.at("story", article_id=hidden).locator("[data-test=hide]").click()
    expect(visitor.at("trouble").first).to_contain_text("cannot be reached")
    expect(visitor.at("story", article_id=hidden)).to_be_visible()
    visitor.forgive("ERR_INTERNET_DISCONNECTED")
    with visitor.anew():
        visitor.page.context.set_offline(False)
    expect(visitor.at("trouble")).to_have_count(0)
    expect(visitor.at("story", article_id=hidden)).to_have_count(0)


def test_axe_finds_nothing_grave_in_the_dialog(
    visit: Visit, guarded: Guarded, screenshots: Path
) -> None:
    visitor = visit(at=guarded.client)
    give(visitor, "wrong")
    expect(visitor.at("key-refused")).to_be_visible()
    for scheme in LIGHT:
        visitor.page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            visitor.page.set_viewport_size({"width": width, "height": 900})
            assert examined(visitor, screenshots / f"key-{scheme}-{width}.png") == []
            assert visitor.excess <= 0
    visitor.forgive("status of 401")

"""Text stays text: whatever an article says, the page runs, shows and asks for nothing of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.integration.test_page import PROMISED

RUNS = "<img src=x onerror=alert(1)>"
BREAKS_OUT = "\"'></button></script><script>alert(2)</script><svg onload=alert(3)>"
LEADS_AWAY = "<a href=javascript:alert(4)>news</a>{{constructor.constructor('alert(5)')()}}"
OVERRIDES = "\u202ereven desolc"
SECTION = f"<i>{RUNS}</i>"
TITLES = {
    "__proto__": RUNS,
    "constructor": BREAKS_OUT,
    "javascript:alert": LEADS_AWAY,
    "~:@.-": OVERRIDES,
    "toString": "W" * 300,
}
PICTURE = "https://pictures.example/one.png?<script>"


@pytest.fixture(scope="module", autouse=True)
def hostile_news(newsstand: httpx.Client) -> Iterator[None]:
    """Articles that try, in all their fields; gone with this file of tests."""
    for article_id, text in TITLES.items():
        long = {"abstract": text, "body": f"{text}\n{text}", "attributes": {text: text}}
        labels = {"subcategory": text[:200], "source": text[:200], "author": text[:200]}
        elsewhere = {"url": f"https://news.example/{text.split()[0]}", "image_url": PICTURE}
        article = {"title": text, "category": SECTION, "language": "en"}
        put = newsstand.put(f"/v1/articles/{article_id}", json=article | long | labels | elsewhere)
        assert put.status_code == 201, put.text
    yield
    for article_id in TITLES:
        newsstand.delete(f"/v1/articles/{article_id}").raise_for_status()


def among_them(visit: Visit, **wishes: Any) -> Visitor:
    """Someone whose page holds the hostile articles and nothing else."""
    visitor = visit(**wishes)
    with visitor.anew():
        visitor.page.locator("#categories button", has_text=SECTION).click()
    return visitor


def assert_only_text(visitor: Visitor) -> None:
    """There is no element that the page did not make itself."""
    foreign = "#stories, #history, #reading, #compare, #map-list, #map-tip, #legend, #categories"
    found = visitor.page.locator(foreign).locator(
        "script, iframe, object, embed, svg, i, a:not(.original), img:not([src^='https://']), "
        "[onerror], [onload], [onclick], [style*=url]"
    )
    expect(found).to_have_count(0)
    expect(visitor.page.locator("script")).to_have_count(2)


def test_on_the_front_page_markup_is_read_as_it_is_written(visit: Visit) -> None:
    visitor = among_them(visit)
    assert {story.article_id: story.title for story in visitor.stories()} == TITLES
    assert {story.section for story in visitor.stories()} == {SECTION}
    assert_only_text(visitor)
    assert visitor.excess <= 0


def test_in_the_reading_pane_and_in_reasons_too(visit: Visit) -> None:
    visitor = among_them(visit)
    for article_id, title in TITLES.items():
        with visitor.anew():
            visitor.at("story", article_id=article_id).locator("[data-test=headline]").click()
        expect(visitor.page.locator("#reading-title")).to_have_text(title)
        text = visitor.at("reading-article").locator(".text")
        expect(text).to_have_text([title] * 2)
        expect(visitor.at("original")).to_have_attribute(
            "href", re.compile("^https://news.example/")
        )
        assert_only_text(visitor)
        visitor.page.keyboard.press("Escape")
        entry = visitor.at("history-entry", article_id=article_id)
        expect(entry.locator(".title")).to_have_text(title)
        personal = [story for story in visitor.stories() if story.because is not None]
        assert {story.because for story in personal} <= set(TITLES.values())


def test_a_picture_is_fetched_by_https_and_nobody_is_told_for_whom(visit: Visit) -> None:
    visitor = among_them(visit)
    with visitor.page.expect_request(re.compile("^https:")) as fetched:
        visitor.at("headline").first.click()
    assert fetched.value.url == PICTURE.replace("<", "%3C").replace(">", "%3E")
    assert "referer" not in fetched.value.all_headers()


def test_side_by_side_and_on_the_map_too(visit: Visit) -> None:
    visitor = among_them(visit)
    visitor.read("__proto__")
    visitor.turn_to("side-by-side")
    expect(visitor.at("compare-story").first).to_be_visible()
    assert_only_text(visitor)
    visitor.turn_to("map")
    point = visitor.at("map-point", article_id="constructor")
    point.focus()
    expect(visitor.at("map-tip").locator("b")).to_have_text(BREAKS_OUT)
    expect(visitor.page.locator("#legend button", has_text=SECTION)).to_be_visible()
    assert_only_text(visitor)


def test_an_override_of_direction_ends_with_the_text_that_it_stands_in(visit: Visit) -> None:
    visitor = among_them(visit)
    card = visitor.at("story", article_id="~:@.-")
    order = card.locator(".byline").evaluate(
        """line => {
            const [source, author, time] = ["source", "author", "time"].map((name) =>
                line.querySelector(`.${name}, ${name}`).getClientRects());
            const ends = (rects) => [rects[0], rects[rects.length - 1]];
            const after = ([, end], [start]) => start.top > end.top || start.left >= end.right - 1;
            return after(ends(source), ends(author)) && after(ends(author), ends(time));
        }"""
    )
    assert order


def test_no_link_and_no_picture_even_if_the_service_let_it_through(visit: Visit) -> None:
    visitor = visit()

    def let_through(route: Route) -> None:
        answer = json.loads(route.fetch().text())
        for article in answer["articles"]:
            article |= {"url": "javascript:alert(6)", "image_url": "data:image/png,x"}
        route.fulfill(json=answer)

    visitor.page.route(re.compile(r"/v1/articles\?"), let_through)
    visitor.page.reload()
    with visitor.anew():
        visitor.page.locator("#categories button", has_text=SECTION).click()
    with visitor.anew():
        visitor.at("story", article_id="__proto__").locator("[data-test=headline]").click()
    expect(visitor.page.locator("#reading-title")).to_have_text(RUNS)
    expect(visitor.at("original")).to_have_count(0)
    expect(visitor.at("reading").locator("img")).to_have_count(0)


def test_the_policy_would_stop_what_came_through_all_the_same(visit: Visit) -> None:
    visitor = visit()
    answer = visitor.page.reload()
    assert answer is not None
    promised = PROMISED["content-security-policy"]
    assert answer.headers["content-security-policy"] == promised
    assert "unsafe" not in promised
    visitor.settled()
    visitor.page.locator("#about").evaluate(
        "(about, markup) => { about.innerHTML = markup; }", RUNS
    )
    visitor.page.wait_for_function("() => document.querySelector('#about img').complete")
    visitor.forgive("Content Security Policy")
    visitor.forgive("404")

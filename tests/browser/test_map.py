"""The map: where the stories lie, the reader's path over them, and ways to walk there."""

from itertools import pairwise

import httpx
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

PLACE = "dot => [dot.getAttribute('cx'), dot.getAttribute('cy')].map(Number)"
LEGS = "all => all.map(leg => ['x1', 'y1', 'x2', 'y2'].map(end => +leg.getAttribute(end)))"
IDS = "all => all.map(each => each.dataset.articleId)"


def at_the_map(visit: Visit, persona: str = "Lucien") -> Visitor:
    visitor = visit()
    visitor.become(persona)
    visitor.turn_to("map")
    expect(visitor.at("map-point").first).to_be_visible()
    return visitor


def place(visitor: Visitor, article_id: str) -> tuple[float, float]:
    x, y = visitor.at("map-point", article_id=article_id).evaluate(PLACE)
    return x, y


def reachable(visitor: Visitor) -> Locator:
    """The one point that Tab comes to."""
    found = visitor.page.locator('[data-test="map-point"][tabindex="0"]')
    expect(found).to_have_count(1)
    return found


def test_every_story_is_a_point_and_the_readers_page_is_ringed(
    visit: Visit, newsstand: httpx.Client
) -> None:
    visitor = at_the_map(visit)
    points = visitor.at("map-point").evaluate_all(IDS)
    assert len(points) == len(set(points)) == newsstand.get("/v1/overview").json()["articles"]
    rings = visitor.at("map-recommended").evaluate_all(IDS)
    assert sorted(rings) == sorted(visitor.ids())


def test_the_path_goes_from_click_to_click_and_is_told_as_a_list(visit: Visit) -> None:
    visitor = at_the_map(visit)
    newest_first = visitor.at("history-entry").evaluate_all(IDS)
    stations = [place(visitor, article_id) for article_id in reversed(newest_first)]
    legs = visitor.at("map-path").evaluate_all(LEGS)
    assert [tuple(leg) for leg in legs] == [(*a, *b) for a, b in pairwise(stations)]
    path, page = visitor.at("map-list").locator("section").all()
    titles = visitor.page.locator("#history .title").all_text_contents()
    assert path.locator("li").all_text_contents() == titles[::-1]
    on_page = [story.title for story in visitor.stories()]
    assert page.locator("li").all_text_contents() == on_page


def test_a_click_lengthens_the_path_at_once(visit: Visit) -> None:
    visitor = at_the_map(visit)
    before = visitor.at("map-path").count()
    ringed = visitor.at("map-recommended").evaluate_all(IDS)
    with visitor.anew():
        visitor.at("map-point", article_id=ringed[0]).click(force=True)
        expect(visitor.at("reading-article")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.at("map-path")).to_have_count(before + 1)


def test_a_point_under_the_pointer_tells_its_title(visit: Visit) -> None:
    visitor = at_the_map(visit)
    expect(visitor.at("map-tip")).to_be_hidden()
    dot = visitor.at("map-point", article_id=visitor.ids()[0])
    dot.hover(force=True)
    label = dot.get_attribute("aria-label") or ""
    title = visitor.at("map-tip").locator("b")
    expect(title).to_be_visible()
    assert label.startswith(title.inner_text())
    visitor.at("view-map").hover()
    expect(visitor.at("map-tip")).to_be_hidden()


def test_arrow_keys_walk_enter_opens_and_escape_comes_back(visit: Visit) -> None:
    visitor = at_the_map(visit)
    reachable(visitor).focus()
    for key, axis, sign in (("ArrowUp", 1, -1), ("ArrowLeft", 0, -1), ("ArrowRight", 0, 1)):
        before = visitor.focused["articleId"]
        visitor.page.keyboard.press(key)
        after = visitor.focused["articleId"]
        if after != before:  # else nothing lies ahead
            came, went = place(visitor, after), place(visitor, before)
            assert sign * (came[axis] - went[axis]) > 0
        expect(reachable(visitor)).to_have_attribute("data-article-id", after)
        expect(visitor.at("map-tip")).to_be_visible()
    walked_to = visitor.focused["articleId"]
    with visitor.anew():
        visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#reading-title")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.at("map-point", article_id=walked_to)).to_be_focused()


def test_a_section_in_the_legend_stands_out(visit: Visit) -> None:
    visitor = at_the_map(visit)
    visitor.at("legend", value="food").click()
    bright = visitor.page.locator(".dot:not(.faint)").evaluate_all(
        "dots => dots.map(dot => dot.getAttribute('aria-label'))"
    )
    assert bright
    assert all(", food" in label for label in bright)
    visitor.at("legend", value="food").click()
    expect(visitor.page.locator(".dot.faint")).to_have_count(0)

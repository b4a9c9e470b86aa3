"""The page on every screen: in every script, on a phone, by night, and for axe-core."""

from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import Visit
from tests.browser.examination import LIGHT, WIDTHS, examined
from tests.browser.visitor import Visitor

PHONE = {"width": 375, "height": 812}
ARABIC_READER = "نور"


def test_in_a_mixed_list_every_story_is_written_its_way(visit: Visit, screenshots: Path) -> None:
    visitor = visit(color_scheme="dark")
    visitor.become(ARABIC_READER)
    ways = {(story.language == "ar", story.direction) for story in visitor.stories()}
    assert ways == {(True, "rtl"), (False, "ltr")}
    arabic = visitor.page.locator('[data-test=story][lang="ar"]').first
    for hook, way in (("headline", "rtl"), ("reason", "ltr")):
        part = arabic.locator(f"[data-test={hook}]")
        assert part.evaluate("part => getComputedStyle(part).direction") == way
    title, card = box(arabic.locator("h3 button")), box(arabic)
    assert title["x"] + title["width"] == pytest.approx(card["x"] + card["width"], abs=1)
    expect(arabic.locator("[data-test=reason]")).to_have_css("text-align", "right")
    cite = visitor.page.locator('[data-test=reason] cite[lang="ar"]').first
    assert cite.evaluate("cite => getComputedStyle(cite).unicodeBidi") == "isolate"
    with visitor.anew():
        arabic.locator("[data-test=headline]").click()
    opened = visitor.at("reading-article")
    expect(opened).to_have_attribute("lang", "ar")
    expect(opened).to_have_css("direction", "rtl")
    assert examined(visitor, screenshots / "reading-right-to-left.png") == []


def box(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found is not None
    return found


def test_on_a_phone_nothing_is_wider_than_the_window_and_all_can_be_reached(visit: Visit) -> None:
    visitor = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.settled()
    assert visitor.excess <= 0
    for drawer in ("reader-drawer", "edition-drawer"):
        expect(visitor.at(drawer)).not_to_have_attribute("open", "")
        visitor.at(drawer).locator("summary").tap()
        expect(visitor.at(drawer)).to_have_attribute("open", "")
    with visitor.anew():
        visitor.at("persona", persona=ARABIC_READER).tap()
    assert visitor.excess <= 0
    with visitor.anew():
        visitor.at("language", value="fr").tap()
    hidden = visitor.ids()[0]
    with visitor.anew():
        visitor.at("story", article_id=hidden).locator("[data-test=hide]").tap()
    assert hidden not in visitor.ids()
    with visitor.anew():
        visitor.at("headline").first.tap()
    pane = visitor.at("reading")
    assert pane.evaluate("pane => pane.scrollWidth - pane.clientWidth") <= 0
    assert box(pane)["width"] == PHONE["width"]
    visitor.at("reading-close").tap()
    for view, content in (("side-by-side", "compare-story"), ("map", "map-point")):
        visitor.at(f"view-{view}").tap()
        expect(visitor.at(content).first).to_be_visible()
        assert visitor.excess <= 0


def test_the_page_is_as_dark_as_the_system_until_the_switch_is_turned(visit: Visit) -> None:
    visitor = visit()
    visitor.settled()
    for scheme in LIGHT:
        visitor.page.emulate_media(color_scheme=scheme)
        assert shade(visitor) == scheme
    visitor.at("theme").click()
    assert shade(visitor) == "light"
    visitor.page.reload()
    visitor.settled()
    assert shade(visitor) == "light"


def shade(visitor: Visitor) -> str:
    """``light`` or ``dark``, by the paper itself."""
    colour = visitor.page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    red, green, blue = (int(part) for part in colour[4:-1].split(","))
    return "light" if red + green + blue > 3 * 128 else "dark"


def test_nothing_moves_where_motion_is_not_wanted(visit: Visit) -> None:
    visitor = visit()
    visitor.settled()
    visitor.at("headline").first.click()
    pane, list_ = visitor.at("reading"), visitor.at("stories")
    visitor.page.emulate_media(reduced_motion="no-preference")
    expect(pane).to_have_css("animation-name", "drawn-in")
    expect(list_).to_have_css("transition-duration", "0.12s")
    visitor.page.emulate_media(reduced_motion="reduce")
    expect(pane).to_have_css("animation-name", "none")
    expect(list_).to_have_css("transition-duration", "0s")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", LIGHT)
def test_axe_finds_nothing_grave(visit: Visit, screenshots: Path, scheme: str, width: int) -> None:
    visitor = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    found = {}

    def examine(state: str) -> None:
        found[state] = examined(visitor, screenshots / f"{state}-{scheme}-{width}.png")

    visitor.settled()
    if width == PHONE["width"]:
        visitor.at("reader-drawer").locator("summary").click()
    visitor.become(ARABIC_READER)
    visitor.page.locator("[data-test=score] summary").nth(1).click()
    examine("front-page")
    visitor.turn_to("side-by-side")
    expect(visitor.at("compare-story").first).to_be_visible()
    examine("side-by-side")
    visitor.turn_to("map")
    expect(visitor.at("map-point").first).to_be_visible()
    visitor.at("map").scroll_into_view_if_needed()
    examine("map")
    visitor.turn_to("front-page")
    with visitor.anew():
        visitor.at("headline").first.click()
    expect(visitor.at("alike").first).to_be_visible()
    examine("reading")
    assert found == {state: [] for state in found}

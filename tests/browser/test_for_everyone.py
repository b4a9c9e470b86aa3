"""The page by keyboard and by ear."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor


def test_tab_begins_with_a_skip_link_that_leads_to_the_stories(visit: Visit) -> None:
    visitor = visit()
    visitor.settled()
    visitor.page.keyboard.press("Tab")
    skip = visitor.page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#main")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    expect(visitor.at("headline").first).to_be_focused()


def test_tab_follows_the_order_of_reading(visit: Visit) -> None:
    visitor = visit()
    visitor.settled()
    views = ["view-front-page", "view-side-by-side", "view-map"]
    visitor.page.locator(".skip").focus()
    assert tabbed(visitor, 6) == ["theme", "key", *views, "all-categories"]
    for story in visitor.ids()[:5]:
        card = visitor.at("story", article_id=story)
        expect(card.locator("[data-test=headline]")).to_be_visible()
        card.locator("[data-test=headline]").focus()
        summary = None  # of the score: it has no hook of its own
        assert tabbed(visitor, 4) == [summary, "hide", "dislike", "headline"]


def tabbed(visitor: Visitor, times: int) -> list[str | None]:
    """Where Tab comes to, time after time: the hooks."""
    hooks = []
    for _ in range(times):
        visitor.page.keyboard.press("Tab")
        hooks.append(visitor.focused.get("test"))
    return hooks


def test_a_story_is_read_and_left_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    story = visitor.ids()[1]
    visitor.at("story", article_id=story).locator("[data-test=headline]").focus()
    with visitor.anew():
        visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#reading-title")).to_be_focused()
    visitor.page.keyboard.press("Shift+Tab")
    expect(visitor.at("reading-close")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.at("reading")).to_be_hidden()
    expect(visitor.page.locator("#front-page-title")).to_be_focused()  # the story itself is gone


def test_a_story_is_hidden_by_keyboard_and_the_one_in_its_place_has_the_focus(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Hazel")
    hidden = visitor.ids()[3]
    visitor.at("story", article_id=hidden).locator("[data-test=hide]").focus()
    with visitor.anew():
        visitor.page.keyboard.press("Space")
    next_one = visitor.at("story", article_id=visitor.ids()[3]).locator("[data-test=headline]")
    expect(next_one).to_be_focused()


def test_more_stories_bring_the_focus_to_the_first_of_them(visit: Visit) -> None:
    visitor = visit()
    before = visitor.ids()
    visitor.at("more").focus()
    with visitor.page.expect_response("**/v1/recommend"):
        visitor.page.keyboard.press("Enter")
    first_new = visitor.at("story").nth(len(before)).locator("[data-test=headline]")
    expect(first_new).to_be_focused()
    assert visitor.ids()[: len(before)] == before


def test_a_new_list_is_announced(visit: Visit) -> None:
    visitor = visit()
    news = visitor.at("news")
    lead = visitor.stories()[0]
    expect(news).to_have_attribute("role", "status")
    expect(news).to_have_text(f"Your page is set: 20 stories. It leads with: {lead.title}")
    with visitor.anew():
        visitor.at("story", article_id=lead.article_id).locator("[data-test=hide]").click()
    expect(news).to_have_text(
        f"Your page is set anew: 1 came, 1 went. It leads with: {visitor.stories()[0].title}"
    )

"""How the paper is set: filters, freshness, diversity, scenario; two settings side by side."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from playwright.sync_api import expect

from service.sample import sample
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

A_DAY = timedelta(hours=24)
STALE = next(
    section
    for section in sorted({article["category"] for article in sample("articles")})
    if min(
        article["published_at_minutes_ago"]
        for article in sample("articles")
        if article["category"] == section
    )
    > 24 * 60
)
"""A section without news of the last day."""


def asked(visitor: Visitor) -> dict[str, Any]:
    """The last request for a page."""
    wanted = [each for each in visitor.asked if each.url.endswith("/v1/recommend")]
    found: dict[str, Any] = json.loads(wanted[-1].post_data or "")
    return found


def listed(visitor: Visitor, side: str) -> list[tuple[str, str]]:
    """A list of ``side-by-side``: each article, and how it is marked."""
    found: list[list[str]] = (
        visitor.at(f"compare-list-{side}")
        .locator("li")
        .evaluate_all("all => all.map(each => [each.dataset.articleId, each.dataset.difference])")
    )
    return [(article_id, difference) for article_id, difference in found]


def test_languages_and_sections_are_filters_that_add_up(visit: Visit) -> None:
    visitor = visit()
    for language in ("ar", "tr"):
        with visitor.anew():
            visitor.at("language", value=language).click()
    assert {story.language for story in visitor.stories()} == {"ar", "tr"}
    with visitor.anew():
        visitor.at("category", value="food").click()
    both = {
        article["article_id"]
        for article in sample("articles")
        if article["language"] in ("ar", "tr") and article["category"] == "food"
    }
    assert set(visitor.ids()) == both
    assert {story.section for story in visitor.stories()} == {"food"}
    visitor.page.reload()
    assert set(visitor.ids()) == both
    for every in ("all-languages", "all-categories"):
        with visitor.anew():
            visitor.at(every).click()
        expect(visitor.at(every)).to_have_attribute("aria-pressed", "true")
    assert "filters" not in asked(visitor)


def test_an_age_limit_leaves_out_what_is_older_and_an_empty_page_says_so(visit: Visit) -> None:
    visitor = visit()
    with visitor.anew():
        visitor.at("freshness").select_option("24")
    stories = visitor.stories()
    assert stories
    oldest = datetime.now(UTC) - A_DAY - timedelta(minutes=1)
    assert all(datetime.fromisoformat(story.published) >= oldest for story in stories)
    with visitor.anew():
        visitor.at("category", value=STALE).click()
    assert visitor.stories() == []
    expect(visitor.at("empty")).to_be_visible()


def test_diversity_is_the_scenarios_until_it_is_moved(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Ada")
    assert "diversity" not in asked(visitor)
    lists = []
    for key, value in (("Home", 0), ("End", 1)):
        with visitor.anew():
            visitor.at("diversity").press(key)
        assert asked(visitor)["diversity"] == value
        lists.append(visitor.ids())
    assert lists[0] != lists[1]
    with visitor.anew():
        visitor.at("diversity-reset").click()
    assert "diversity" not in asked(visitor)
    expect(visitor.at("diversity-reset")).to_be_hidden()


def test_the_scenario_model_is_the_models_own_order(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Emre")
    with visitor.anew():
        visitor.at("scenario").select_option("model")
    visitor.at("score").evaluate_all("all => all.forEach(each => { each.open = true; })")
    totals = visitor.at("score-sum", name="Score")
    expect(totals).to_have_count(len(visitor.ids()))
    values = totals.evaluate_all("rows => rows.map(row => Number(row.dataset.value))")
    assert all(first >= second for first, second in pairwise(values))
    parts = visitor.at("score-part").evaluate_all("rows => rows.map(row => row.dataset.name)")
    assert set(parts) == {"relevance"}
    expect(visitor.page.locator("#unheeded")).to_be_visible()


def test_side_by_side_marks_what_differs(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Marisol")
    visitor.turn_to("side-by-side")
    expect(visitor.at("compare-said")).not_to_be_empty()
    left, right = listed(visitor, "left"), listed(visitor, "right")
    for own, other in ((left, right), (right, left)):
        places = {article_id: place for place, (article_id, _) in enumerate(other)}
        for place, (article_id, difference) in enumerate(own):
            there = places.get(article_id)
            assert difference == (
                "alone" if there is None
                else "same" if there == place
                else "higher" if place < there
                else "lower"
            )  # fmt: skip
    shared = {article_id for article_id, _ in left} & {article_id for article_id, _ in right}
    said = "Both give the same list." if left == right else f"{len(shared)} of {len(left)} stories"
    expect(visitor.at("compare-said")).to_contain_text(said)


def test_side_by_side_the_same_settings_give_the_same_list(visit: Visit) -> None:
    visitor = visit("#side-by-side")
    visitor.become("Ada")
    visitor.at("compare-scenario-right").select_option("default")
    expect(visitor.at("compare-said")).to_have_text("Both give the same list.")
    assert {difference for _, difference in listed(visitor, "left")} == {"same"}
    visitor.at("compare-diversity-right").select_option("1")
    expect(visitor.at("compare-said")).not_to_have_text("Both give the same list.")


def test_a_story_opened_side_by_side_changes_both_lists(visit: Visit) -> None:
    visitor = visit("#side-by-side")
    story = visitor.at("compare-story").first
    expect(story).to_be_visible()
    article_id = story.get_attribute("data-article-id")
    assert article_id is not None
    story.get_by_role("button").click()
    expect(visitor.at("reading-article")).to_be_visible()
    visitor.at("reading-close").click()
    expect(visitor.at("compare-story", article_id=article_id)).to_have_count(0)
    expect(visitor.page.locator("#compare [data-source=personal]").first).to_be_visible()

"""What a reader does shows in the very next page, and every story says why it is there."""

import httpx
import pytest
from playwright.sync_api import expect

from service.sample import sample
from tests.browser.conftest import Visit
from tests.browser.visitor import Seen, Visitor

A_PAGE = 20
TITLES = {article["article_id"]: article["title"] for article in sample("articles")}
PERSONAS = {reader["name"]: reader for reader in sample("readers")}


def test_someone_new_gets_a_whole_page_and_is_told_why_it_is_not_theirs(visit: Visit) -> None:
    visitor = visit()
    stories = visitor.stories()
    assert [story.rank for story in stories] == list(range(1, A_PAGE + 1))
    assert len({story.article_id for story in stories}) == A_PAGE
    assert {story.source for story in stories} <= {"trending", "fresh"}
    assert {story.because for story in stories} == {None}
    expect(visitor.at("degraded", reason="unknown_reader")).to_contain_text("not met yet")
    expect(visitor.at("edition-for")).to_have_text("Edition for a newcomer")
    expect(visitor.at("history-entry")).to_have_count(0)


def test_a_whole_page_comes_in_a_handful_of_requests(visit: Visit) -> None:
    visitor = visit()
    assert len(visitor.stories()) > 10
    fetched = [each for each in visitor.asked if "/v1/articles" in each.url]
    assert 1 <= len(fetched) <= 2


def test_a_click_changes_the_very_next_page_and_its_reasons_name_it(visit: Visit) -> None:
    visitor = visit()
    before = visitor.stories()
    clicked = before[2]
    visitor.read(clicked.article_id)
    after = visitor.stories()
    assert {story.article_id for story in after} != {story.article_id for story in before}
    assert clicked.article_id not in visitor.ids()
    personal = [story for story in after if story.source == "personal"]
    assert personal
    assert {story.because for story in personal} == {clicked.title}
    first = visitor.at("story", article_id=personal[0].article_id).locator("[data-test=reason]")
    expect(first).to_have_text(f"Because you read “{clicked.title}” 100%")
    expect(visitor.at("moved").first).to_be_visible()
    expect(visitor.at("degraded")).to_have_count(0)
    expect(visitor.at("edition-for")).to_have_text("Edition for you")
    entries = visitor.at("history-entry")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text(clicked.title)


def test_what_was_hidden_never_returns(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Ottilie")
    with visitor.anew():
        visitor.at("language", value="de").click()
    hidden = visitor.ids()[0]
    with visitor.anew():
        visitor.at("story", article_id=hidden).locator("[data-test=hide]").click()
    assert hidden not in visitor.ids()
    entry = visitor.at("history-entry", article_id=hidden, kind="hide")
    expect(entry).to_contain_text(TITLES[hidden])
    visitor.page.reload()
    assert hidden not in visitor.ids()
    with visitor.anew():
        visitor.at("scenario").select_option("model")
    while visitor.at("more").count():
        with visitor.anew():
            visitor.at("more").click()
    german = {each["article_id"] for each in sample("articles") if each["language"] == "de"}
    read = {click["article_id"] for click in PERSONAS["Ottilie"]["clicks"]}
    assert sorted(visitor.ids()) == sorted(german - read - {hidden})
    visitor.turn_to("side-by-side")
    expect(visitor.at("compare-story").first).to_be_visible()
    expect(visitor.at("compare-story", article_id=hidden)).to_have_count(0)


def test_less_like_this_takes_a_story_away_and_lowers_its_like(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Hazel")
    turned_down = visitor.ids()[0]
    with visitor.anew():
        visitor.at("story", article_id=turned_down).locator("[data-test=dislike]").click()
    assert turned_down not in visitor.ids()
    visitor.at("score").evaluate_all("all => all.forEach(each => { each.open = true; })")
    lowered = visitor.at("score-part", name="dislikes")
    expect(lowered.first).to_be_visible()
    values = lowered.evaluate_all("rows => rows.map(row => Number(row.dataset.value))")
    assert all(value <= 0 for value in values)
    assert any(value < 0 for value in values)


def test_a_like_is_kept_and_takes_back_a_dislike(visit: Visit) -> None:
    visitor = visit()
    story = visitor.ids()[0]
    with visitor.anew():
        visitor.at("story", article_id=story).locator("[data-test=headline]").click()
    for verdict, answer in (("dislike", "Noted: its like will stand lower."), ("like", "Noted.")):
        with visitor.anew():
            visitor.at(f"reading-{verdict}").click()
        expect(visitor.at("reading").get_by_role("status")).to_have_text(answer)
    visitor.at("reading-close").click()
    kinds = visitor.at("history-entry").evaluate_all("all => all.map(each => each.dataset.kind)")
    assert kinds == ["like", "click"]


def test_a_persona_brings_their_reading_and_stays_as_it_was(
    visit: Visit, newsstand: httpx.Client
) -> None:
    hazel = PERSONAS["Hazel"]
    stored = newsstand.get(f"/v1/users/{hazel['user_id']}").json()
    visitor = visit()
    visitor.become("Hazel")
    newest_first = [
        c["article_id"] for c in sorted(hazel["clicks"], key=lambda c: c["minutes_ago"])
    ]
    shown = visitor.at("history-entry").evaluate_all("all => all.map(e => e.dataset.articleId)")
    assert shown == newest_first
    personal = [story for story in visitor.stories() if story.source == "personal"]
    assert {story.because for story in personal} <= {TITLES[each] for each in newest_first}
    expect(visitor.at("about")).to_have_text(hazel["about"])
    pressed = visitor.page.locator("[data-test=persona][aria-pressed=true]")
    expect(pressed).to_have_text("Hazel")
    visitor.read(personal[0].article_id)
    assert newsstand.get(f"/v1/users/{hazel['user_id']}").json() == stored
    visitor.become("")
    expect(visitor.at("history-entry")).to_have_count(0)
    visitor.become("Hazel")
    expect(visitor.at("history-entry")).to_have_count(len(newest_first) + 1)


def test_a_reload_keeps_the_reader_and_a_new_visit_knows_nobody(visit: Visit) -> None:
    visitor = visit()
    visitor.read(visitor.ids()[0])
    reader, clicked = visitor.reader, visitor.stories()[0].because
    visitor.page.reload()
    assert (visitor.reader, visitor.stories()[0].because) == (reader, clicked)
    expect(visitor.at("history-entry")).to_have_count(1)
    stranger = visit()
    expect(stranger.at("edition-for")).to_have_text("Edition for a newcomer")
    assert stranger.stories()[0].because is None


def test_forget_me_erases_what_is_stored(visit: Visit, newsstand: httpx.Client) -> None:
    visitor = visit()
    visitor.read(visitor.ids()[0])
    reader = visitor.reader
    assert newsstand.get(f"/v1/users/{reader}").json()["history"]
    with visitor.anew():
        visitor.at("forget").click()
    expect(visitor.at("said")).to_contain_text("nothing is stored")
    expect(visitor.at("edition-for")).to_have_text("Edition for a newcomer")
    assert newsstand.get(f"/v1/users/{reader}").status_code == 404
    assert visitor.reader != reader


def test_the_account_sums_to_the_score_and_the_clicks_to_the_relevance(visit: Visit) -> None:
    visitor = visit()
    visitor.become("Lucien")
    for story in visitor.stories()[:4]:
        assert_accounted(visitor, story)
    with visitor.anew():
        visitor.at("scenario").select_option("model")
    for story in visitor.stories()[:2]:
        assert_accounted(visitor, story)


def assert_accounted(visitor: Visitor, story: Seen) -> None:
    card = visitor.at("story", article_id=story.article_id)
    card.locator("[data-test=score] summary").click()
    expect(card.locator("[data-test=score-sum]")).to_have_count(2)
    rows = card.locator("tr").evaluate_all(
        "rows => rows.map(({dataset: {test, name, value}}) => [test, name, Number(value)])"
    )
    totals = {name: value for test, name, value in rows if test == "score-sum"}
    parts = sum(value for test, _, value in rows if test == "score-part")
    clicks = sum(value for test, _, value in rows if test == "score-click")
    assert parts == pytest.approx(totals["Score"], abs=1e-6)
    assert clicks == pytest.approx(totals["Relevance"], abs=1e-6)
    shown = f"{totals['Score']:.3f}".replace("-", "\N{MINUS SIGN}")
    expect(card.locator("[data-test=score] summary b")).to_have_text(shown)
    expect(card.locator("[data-test=source]")).to_have_text(story.source)
    if story.because is not None:
        expect(card.locator("[data-test=score-click] th").first).to_have_text(story.because)


def test_a_pressed_click_marks_the_stories_that_it_shapes(visit: Visit) -> None:
    visitor = visit()
    visitor.read(visitor.ids()[0])
    personal = [story for story in visitor.stories() if story.because is not None]
    click = visitor.at("history-entry").get_by_role("button")
    click.click()
    expect(click).to_have_attribute("aria-pressed", "true")
    for story in personal:  # the only click shapes all that it speaks for
        expect(
            visitor.page.locator(f'.shaped[data-article-id="{story.article_id}"]')
        ).to_be_visible()
    marked = visitor.page.locator(".story.shaped").count()
    expect(visitor.at("news")).to_have_text(f"It shapes {marked} of your stories; they are marked.")
    click.click()
    expect(visitor.page.locator(".story.shaped")).to_have_count(0)

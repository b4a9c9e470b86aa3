"""The cold-start experiment's plain parts: who is evaluated, what is told, what is shown."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from bench.cold_start.days import LONG_AGO, NEW, Calendar, articles, crowd
from bench.cold_start.figures import beside, difference_table, quality_table
from bench.cold_start.plot import draw
from bench.cold_start.readers import events_of, newest, reader_id, with_clicks
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId, NewsTable
from training.evaluation.comparison import Difference
from training.evaluation.report import Report, evaluate_scores

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)
NEWS = NewsTable.of(
    pl.DataFrame(
        {
            "news_id": ["a", "b", "c", "d", "e", "f"],
            "title": [f"Title {letter}" for letter in "abcdef"],
            "category": ["sport", "sport", "", "food", "food", "food"],
        }
    )
)


def impression(
    number: int, history: str, candidates: str, clicked: str, day: int = 5
) -> Impression:
    """News are single letters."""
    return Impression(
        impression_id=str(number),
        user_id=f"reader-{number}",
        time=datetime(2024, 3, day, 6, number),
        history=tuple(map(NewsId, history)),
        candidates=tuple(map(NewsId, candidates)),
        labels=tuple(int(letter in clicked) for letter in candidates),
    )


def log_of(*impressions: Impression) -> ImpressionLog:
    return ImpressionLog.of(NEWS, impressions)


def test_only_readers_with_enough_clicks_are_chosen() -> None:
    log = log_of(
        impression(0, "ab", "cd", "c"),
        impression(1, "abc", "de", "e"),
        impression(2, "a", "cd", "c"),
        impression(3, "", "cd", "c"),
    )
    assert with_clicks(log, 2).ids == ["0", "1"]
    assert with_clicks(log, 3).ids == ["1"]
    assert with_clicks(log, 0).ids == ["0", "1", "2", "3"]


def test_an_impression_of_a_single_class_is_not_chosen() -> None:
    log = log_of(
        impression(0, "ab", "cd", ""),
        impression(1, "ab", "cd", "cd"),
        impression(2, "ab", "cd", "d"),
    )
    assert with_clicks(log, 2).ids == ["2"]


def test_fewer_impressions_are_spread_evenly() -> None:
    log = log_of(*(impression(number, "ab", "cd", "c") for number in range(6)))
    assert with_clicks(log, 2, 3).ids == ["0", "2", "4"]
    assert with_clicks(log, 2, 7).ids == log.ids


def test_the_newest_clicks_are_kept_and_none_means_none() -> None:
    one = impression(0, "abcab", "ef", "e")
    assert [newest(one, clicks) for clicks in (0, 1, 2, 5)] == [
        (),
        ("b",),
        ("a", "b"),
        ("a", "b", "c", "a", "b"),
    ]


def test_a_reader_is_another_one_for_each_number_of_clicks() -> None:
    first, second = impression(1, "ab", "cd", "c"), impression(11, "ab", "cd", "c")
    ids = {reader_id(one, clicks) for one in (first, second) for clicks in (0, 1, 2, 12)}
    assert len(ids) == 8


def test_clicks_are_told_in_order_and_the_newest_last() -> None:
    log = log_of(impression(0, "abc", "ef", "e"), impression(1, "dab", "ef", "f"))
    assert list(events_of(log, 0, NOON)) == []
    assert [
        (event.user_id, event.article_id, event.type, event.timestamp)
        for event in events_of(log, 2, NOON)
    ] == [
        ("0.2", "b", "click", NOON - timedelta(minutes=1)),
        ("0.2", "c", "click", NOON),
        ("1.2", "a", "click", NOON - timedelta(minutes=1)),
        ("1.2", "b", "click", NOON),
    ]


def test_the_evaluated_days_midnight_is_the_last_full_hour() -> None:
    began = datetime.now(UTC)
    calendar = Calendar.of(log_of(impression(1, "ab", "cd", "c"), impression(0, "ab", "cd", "c")))
    assert calendar.begins == np.datetime64("2024-03-05T00:00:00")
    assert timedelta(0) <= began - calendar.now < timedelta(hours=1, minutes=1)
    assert (calendar.now.minute, calendar.now.second, calendar.now.microsecond) == (0, 0, 0)
    moved = calendar.moved(np.datetime64("2024-03-04T23:30:00", "s"))
    assert moved == calendar.now - timedelta(minutes=30)


def test_the_days_before_are_told_as_clicks_of_strangers() -> None:
    before = log_of(impression(3, "ef", "abc", "ac", day=4), impression(7, "", "de", "", day=4))
    calendar = Calendar(np.datetime64("2024-03-05"), NOON)
    assert [
        (event.user_id, event.article_id, event.type, event.timestamp)
        for event in crowd(before, calendar)
    ] == [
        ("crowd.3", "a", "click", NOON - timedelta(hours=17, minutes=57)),
        ("crowd.3", "c", "click", NOON - timedelta(hours=17, minutes=57)),
    ]


def test_articles_are_as_old_as_the_days_before_say() -> None:
    before = log_of(impression(9, "", "ad", "d", day=4), impression(3, "", "ab", "a", day=4))
    day = log_of(impression(0, "ec", "ac", "c"))
    told = {one.article_id: one for one in articles(day, before, Calendar(day.times[0], NOON))}
    published = {name: one.published_at for name, one in told.items()}

    assert set(told) == {"a", "c", "d", "e"}  # named by the day, or clicked before
    assert published["a"] == NOON - timedelta(hours=23, minutes=57)
    assert published["d"] == NOON - timedelta(hours=23, minutes=51)
    assert published["c"] is not None
    assert NOON - NEW <= published["c"] <= NOON  # in a history, too, but the day shows it
    assert published["e"] == NOON - LONG_AGO
    assert all(one.source == name for name, one in told.items())
    assert told["a"].category == "sport"
    assert told["c"].category is None


def test_nothing_that_is_told_depends_on_what_the_day_clicked() -> None:
    before = log_of(impression(9, "", "ad", "d", day=4))
    one, other = (log_of(impression(0, "ec", "acf", clicked)) for clicked in ("a", "cf"))
    calendar = Calendar(one.times[0], NOON)
    assert list(articles(one, before, calendar)) == list(articles(other, before, calendar))
    told, again = events_of(one, 2, NOON), events_of(other, 2, NOON)
    for event, same in zip(told, again, strict=True):  # but for the ids that they are made with
        assert event.model_dump(exclude={"event_id"}) == same.model_dump(exclude={"event_id"})


@pytest.fixture
def reports() -> tuple[ImpressionLog, Report, Report]:
    """Two impressions: once both in order, once the first in order and the other tied."""
    log = log_of(impression(0, "ab", "cde", "c"), impression(1, "ab", "cd", "d"))
    perfect = evaluate_scores(log, [1.0, 0.0, 0.0, 0.0, 1.0])
    half = evaluate_scores(log, [1.0, 0.0, 0.0, 0.0, 0.0])
    return log, perfect, half


def test_the_table_has_a_column_for_each_number_of_clicks(
    reports: tuple[ImpressionLog, Report, Report],
) -> None:
    _, perfect, half = reports
    curves = {"policy": {0: half, 1: perfect}, "mean": {1: half, 16: perfect}}
    assert quality_table(curves, "auc") == (
        "| AUC after clicks | 0 | 1 | 16 |\n"
        "|---|---|---|---|\n"
        "| policy | 0.750 ± 0.250 | 1.000 ± 0.000 |  |\n"
        "| mean |  | 0.750 ± 0.250 | 1.000 ± 0.000 |"
    )


def test_curves_are_compared_where_both_have_a_point(
    reports: tuple[ImpressionLog, Report, Report],
) -> None:
    log, perfect, half = reports
    found = beside({0: half, 1: perfect, 2: perfect}, {1: half, 2: perfect}, log)
    assert {clicks: metrics["auc"].mean for clicks, metrics in found.items()} == {1: 0.25, 2: 0.0}


def test_a_difference_is_marked_where_it_is_unlikely_to_be_chance() -> None:
    def difference(mean: float, p: float) -> dict[str, Difference]:
        return {"auc": Difference(mean, 0.01, mean - 0.02, mean + 0.02, p, 9, 9)}

    found = {"max": {1: difference(-0.04, 0.03), 2: difference(0.06, 0.01)}}
    assert difference_table("minus the mean", found, "auc") == (
        "| minus the mean | 1 | 2 |\n|---|---|---|\n| max | -0.040 ± 0.010 * | +0.060 ± 0.010 * |"
    )
    found["recency"] = {4: difference(0.0, 0.9)}  # 0.03 is the second of three now: twice as much
    assert "| max | -0.040 ± 0.010 | +0.060 ± 0.010 * |" in difference_table("", found, "auc")


def test_the_picture_is_small_and_names_every_curve(
    tmp_path: Path, reports: tuple[ImpressionLog, Report, Report]
) -> None:
    _, perfect, half = reports
    curves = {"policy": {0: half, 1: perfect}, "mean": {1: half, 16: perfect}}
    file = tmp_path / "new" / "plot.svg"
    draw(curves, file)
    again = tmp_path / "plot.svg"
    draw(curves, again)

    text = file.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "<!-- policy -->" in text
    assert "<!-- mean -->" in text
    assert text == again.read_text(encoding="utf-8")
    assert len(text) < 150_000

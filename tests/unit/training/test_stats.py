"""A log in figures, counted by hand."""

import json
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest
from rich.console import Console

from tests.unit.training.real_data import sample
from training.data import ebnerd, mind
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId, NewsTable
from training.data.stats import DataStats, stats_of
from training.data.stats_table import stats_table

A, B, C = (NewsId(one) for one in "abc")
NEWS = NewsTable.of(
    pl.DataFrame(
        {
            "news_id": [A, B, C],
            "title": ["Two  words", "", "Fünf"],
            "abstract": ["x", "", ""],
            "category": ["sports", "sports", ""],
            "subcategory": ["golf", "golf", "chess"],
            "language": ["en", "de", "en"],
        }
    )
)
LOG = ImpressionLog.of(
    NEWS,
    [
        Impression("1", "u", datetime(2019, 11, 14, 8), (A,), (A, B), (1, 0)),
        Impression("2", "v", datetime(2019, 11, 13, 9), (), (A, B, C, C), (1, 1, 0, 0)),
        Impression("3", "u", datetime(2019, 11, 14, 7), (A, B, A, B, A), (C,), (0,)),
        Impression("4", "w", datetime(2019, 11, 14, 7), (A,) * 4, (C,), (1,)),
    ],
)
STATS = DataStats(
    news=3,
    news_with_abstract=1,
    categories=1,
    subcategories=2,
    languages={"en": 2, "de": 1},
    title_words=1.5,
    title_characters=7.0,
    users=3,
    cold_users=1 / 3,
    almost_cold_users=2 / 3,
    history_mean=3.0,
    history_median=4.0,
    history_max=5,
    impressions=4,
    clicks=4,
    clicks_per_impression=1.0,
    candidates_per_impression=2.0,
    days={"2019-11-13": 1, "2019-11-14": 3},
    first=datetime(2019, 11, 13, 9),
    last=datetime(2019, 11, 14, 8),
)
NOTHING = DataStats(
    *(0, 0, 0, 0, {}, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0.0, 0.0, {}, None, None)
)


def printed(stats: DataStats) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(stats_table(stats))
    return capture.get()


def test_every_figure_is_the_one_counted_by_hand() -> None:
    stats = stats_of(LOG)
    assert stats == STATS
    assert list(stats.languages) == ["en", "de"]


def test_of_nothing_there_are_figures_too() -> None:
    assert stats_of(ImpressionLog.of(NewsTable.empty(), [])) == NOTHING


@pytest.mark.parametrize("stats", [STATS, NOTHING])
def test_json_holds_every_figure(stats: DataStats) -> None:
    read = json.loads(json.dumps(stats.as_json()))
    times = {name: read[name] and datetime.fromisoformat(read[name]) for name in ("first", "last")}
    assert DataStats(**(read | times)) == stats


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("news", "3"),
        ("news in en", "2"),
        ("users without a history", "33.3%"),
        ("users with at most 4 clicks", "66.7%"),
        ("history, median", "4"),
        ("impressions on 2019-11-14", "3"),
        ("last", "2019-11-14 08:00:00"),
    ],
)
def test_the_table_says_each_figure(figure: str, value: str) -> None:
    rows = [line.rsplit("  ", maxsplit=1) for line in printed(STATS).splitlines()]
    assert [figure, value] in [[cell.strip() for cell in row] for row in rows]


def test_the_table_of_news_alone_says_nothing_of_readers() -> None:
    assert "users" not in printed(NOTHING)
    assert "an unknown language" in printed(replace(NOTHING, languages={"": 1}))


def test_minds_sample_has_the_figures_of_its_files() -> None:
    folder = sample("mind-sample")
    news = mind.read_all_news([folder / split / mind.NEWS for split in ("train", "dev")])
    stats = stats_of(mind.read_impressions(folder / "train" / mind.BEHAVIOURS, news))
    assert (stats.news, stats.impressions) == (51_304, 3_120)
    assert stats.news_with_abstract == 2_017
    assert list(stats.days) == [f"2019-11-{day:02}" for day in range(9, 13)]


def test_ebnerds_sample_has_the_figures_of_its_files() -> None:
    stats = stats_of(ebnerd.read(sample("ebnerd-demo/train")))
    assert (stats.users, stats.impressions) == (1_590, 24_724)
    assert stats.cold_users == stats.almost_cold_users == 0
    assert stats.title_words == 0

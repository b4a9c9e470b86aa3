"""What the baselines count, and that none of them sees the future."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import START, impressions, news_of, seen
from training.data.impressions import Impression, ImpressionLog
from training.evaluation.baselines import (
    BASELINES,
    Baseline,
    category_count,
    popularity,
    random,
    recency,
)

Logs = tuple[ImpressionLog, ImpressionLog]


def logs_of(prior: list[Impression], log: list[Impression], **columns: dict[str, str]) -> Logs:
    """A prior and an evaluated log over one news table."""
    news = news_of(*prior, *log, **columns)
    return ImpressionLog.of(news, prior), ImpressionLog.of(news, log)


def scored(baseline: Baseline, logs: Logs, seed: int = 0) -> list[float]:
    return baseline(*logs, np.random.default_rng(seed)).tolist()


def test_popularity_counts_the_clicks_before_the_moment_in_both_logs() -> None:
    prior = [seen({"a": 1, "b": 0}, hours=-9), seen({"a": 1, "b": 1}, hours=-8)]
    log = [seen({"a": 0, "b": 1}, hours=1), seen({"b": 1, "a": 0, "c": 0}, hours=2)]
    assert scored(popularity, logs_of(prior, log)) == [2, 1, 2, 2, 0]


def test_popularity_ignores_what_is_at_the_moment_or_after_it() -> None:
    prior = [seen({"a": 1}, hours=1), seen({"b": 1}, hours=2), seen({"c": 1}, hours=3)]
    log = [
        seen({"a": 0, "b": 0, "c": 1}, hours=2),
        seen({"c": 1, "b": 0}, hours=2),
        seen({"a": 1, "b": 1, "c": 1}, hours=4),
    ]
    assert scored(popularity, logs_of(prior, log)) == [1, 0, 0, 0, 0, 1, 1, 3]


def test_popularity_does_not_count_histories() -> None:
    log = [seen({"a": 1, "b": 0}, history=["b", "b"], hours=2)]
    assert scored(popularity, logs_of([], log)) == [0, 0]


def test_recency_is_the_first_moment_at_which_any_log_names_it() -> None:
    prior = [seen({"a": 0}, history=["old"], hours=-5)]
    log = [
        seen({"a": 1, "b": 0, "old": 0}, history=(), hours=1),
        seen({"b": 0, "new": 1}, history=(), hours=2),
    ]
    begin = (START - datetime(1970, 1, 1)).total_seconds()
    hours = [(score - begin) / 3600 for score in scored(recency, logs_of(prior, log))]
    assert hours == [-5, 1, -5, 1, 2]


def test_a_category_counts_its_clicks_and_the_subcategory_orders_ties() -> None:
    columns = {
        "category": {
            "h1": "sports",
            "h2": "sports",
            "h3": "news",
            "a": "sports",
            "b": "news",
            "c": "sports",
            "d": "food",
        },
        "subcategory": {
            "h1": "golf",
            "h2": "tennis",
            "h3": "golf",
            "a": "golf",
            "b": "golf",
            "c": "chess",
            "d": "golf",
        },
    }
    log = [
        seen(dict.fromkeys("abcde", 0), history=["h1", "h2", "h3", "e"]),
        seen({"a": 1, "b": 0}, history=["h3"]),
        seen({"a": 1, "b": 0}, history=[]),
    ]
    scores = scored(category_count, logs_of([], log, **columns))
    assert scores == pytest.approx([2 + 1 / 5, 1 + 1 / 5, 2, 0, 0, 0, 1 + 1 / 2, 0, 0])


def test_without_any_category_all_tie() -> None:
    assert scored(category_count, logs_of([], [seen({"h": 1, "b": 0})])) == [0, 0]


def test_chance_is_that_of_the_seed() -> None:
    logs = logs_of([], [seen(dict.fromkeys("abcdefgh", 0))])
    assert scored(random, logs, 1) == scored(random, logs, 1) != scored(random, logs, 2)


@pytest.mark.parametrize("name", ["popularity", "recency"])
def test_logs_over_two_news_tables_are_refused(name: str) -> None:
    (prior, _), (_, log) = logs_of([seen({"a": 1})], []), logs_of([], [seen({"a": 1})])
    with pytest.raises(ValueError, match="one news table"):
        BASELINES[name](prior, log, np.random.default_rng())


@pytest.mark.parametrize("name", BASELINES)
def test_logs_may_be_empty(name: str) -> None:
    assert scored(BASELINES[name], logs_of([], [])) == []
    assert len(scored(BASELINES[name], logs_of([], [seen({"a": 1, "b": 0})]))) == 2


several = st.lists(impressions, max_size=8)
CATEGORIES = {"category": {"a": "x", "b": "x", "c": "y", "d": "y"}, "subcategory": {"a": "z"}}


@pytest.mark.parametrize("name", sorted(BASELINES.keys() - {"random"}))
@given(several, several, st.integers(0, 60))
def test_no_baseline_sees_a_click_of_the_moment_or_anything_later(
    name: str, prior: list[Impression], log: list[Impression], hours: int
) -> None:
    moment = START + timedelta(hours=hours)

    def until(those: list[Impression]) -> list[Impression]:
        """Both logs end at the moment, whose own clicks are others than they were."""
        others = [replace(one, labels=tuple(1 - y for y in one.labels)) for one in those]
        pairs = zip(those, others, strict=True)
        return [one if one.time < moment else other for one, other in pairs if one.time <= moment]

    whole = scored(BASELINES[name], logs_of(prior, log, **CATEGORIES))
    known = [one.time <= moment for one in log for _ in one.candidates]
    cut = scored(BASELINES[name], logs_of(until(prior), until(log), **CATEGORIES))
    assert [score for score, kept in zip(whole, known, strict=True) if kept] == cut

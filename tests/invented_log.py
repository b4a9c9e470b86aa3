"""A click log that never was: news of our own sentences, and readers with plain tastes."""

from datetime import datetime, timedelta
from itertools import product
from typing import Final

import numpy as np
import polars as pl

from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId, NewsTable

TOPICS: Final = {
    ("sport", "football"): (
        ("The harbour club", "A village side", "The young keeper", "Last year's champions"),
        ("signs for three more years", "loses the final on penalties", "opens a new stand"),
    ),
    ("sport", "rowing"): (
        ("The women's eight", "A crew of students", "The old regatta", "Two brothers"),
        ("wins by half a length", "trains before sunrise", "waits for calmer water"),
    ),
    ("money", "banks"): (
        ("The central bank", "A savings bank", "The largest lender", "A small fund"),
        ("raises its rates again", "lowers the fees for loans", "warns of rising prices"),
    ),
    ("money", "work"): (
        ("The ferry crews", "A bakers' union", "Half of the nurses", "The shipyard"),
        ("votes for a strike", "asks for shorter nights", "agrees on higher wages"),
    ),
    ("food", "soups"): (
        ("A pot of lentils", "The grandmother's broth", "A cold cucumber soup", "This pumpkin"),
        ("tastes better on the second day", "needs no meat at all", "warms a winter evening"),
    ),
    ("", ""): (
        ("The night train", "An empty museum", "The lost umbrella", "A lighthouse"),
        ("finds new friends", "comes back after ten years", "stays closed until spring"),
    ),
}
"""By category and subcategory: who, and what they do. The last topic has neither."""
FIRST_DAY: Final = datetime(2024, 3, 4, 6)
READERS: Final = 24
"""Readers of the training log: ``reader-0`` and so on."""


def invented_news() -> NewsTable:
    """Every sentence of the topics; two of three have an abstract."""
    rows = [
        {
            "title": f"{who} {what}",
            "abstract": f"{who}, as was feared, {what}." if number % 3 else "",
            "category": category,
            "subcategory": subcategory,
            "language": "en",
        }
        for (category, subcategory), (whos, whats) in TOPICS.items()
        for number, (who, what) in enumerate(product(whos, whats))
    ]
    ids = [f"n{number:02}" for number in range(len(rows))]
    return NewsTable.of(pl.DataFrame(rows).with_columns(pl.Series("news_id", ids)))


def invented_log(
    news: NewsTable, impressions: int, *, first_reader: int = 0, day: int = 0, seed: int = 1
) -> ImpressionLog:
    """Impressions of ``READERS`` readers by turns, from that day on, a few seconds apart.

    Each has a topic that they mostly click. Histories are of none to nine clicks, with repeats.
    """
    rng = np.random.default_rng(seed)
    topic_of = dict(zip(news.ids, news.column("subcategory"), strict=True))
    topics, ids = sorted(set(topic_of.values())), list(news.ids)
    of_topic = {topic: [n for n in ids if topic_of[n] == topic] for topic in topics}
    shown = []
    for number in range(impressions):
        reader = first_reader + number % READERS
        liked = of_topic[topics[reader % len(topics)]]
        history = [_one(rng, liked if rng.random() < 0.8 else ids) for _ in range(number % 10)]
        candidates = [NewsId(n) for n in rng.choice(ids, 7, replace=False).tolist()]
        labels = [int(n in liked or rng.random() < 0.1) for n in candidates]
        if len(set(labels)) == 1:
            labels = [1, *[0] * 6]
        shown.append(
            Impression(
                impression_id=str(number),
                user_id=f"reader-{reader}",
                time=FIRST_DAY + timedelta(days=day, seconds=7 * number),
                history=tuple(history),
                candidates=tuple(candidates),
                labels=tuple(labels),
            )
        )
    return ImpressionLog.of(news, shown)


def _one(rng: np.random.Generator, ids: list[NewsId]) -> NewsId:
    return ids[int(rng.integers(len(ids)))]

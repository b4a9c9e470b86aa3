"""Rankings that need no model: what a model has to beat before its numbers mean anything.

A baseline scores a log's candidates from what was known when they were shown: an earlier log
``prior``, the evaluated log's own past, and the reader's history. Both logs are over one news
table; ValueError is raised where they are not.

Shapes: N news, I impressions, S candidates of all of them, E events.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog, Times
from training.data.news import NewsTable
from training.data.ragged import Int64, Ragged
from training.data.splits import check_no_leak

Float64 = NDArray[np.float64]
Baseline = Callable[[ImpressionLog, ImpressionLog, np.random.Generator], Float64]
"""From the prior log, the evaluated log and a source of chance: a score (S,) a candidate."""

SEED: Final = 0
SPAN: Final = 1 << 36
"""More seconds than lie between any two moments of a log: two thousand years."""


def random(prior: ImpressionLog, log: ImpressionLog, rng: np.random.Generator) -> Float64:
    """A number in [0, 1) a candidate, by chance: an AUC of ½ on average."""
    return rng.random(len(log.candidates.values))


def popularity(prior: ImpressionLog, log: ImpressionLog, rng: np.random.Generator) -> Float64:
    """How often each candidate was clicked, by anyone, **before** the impression's moment.

    The clicks of both logs count whose impression is strictly earlier: none of the same second or
    later, whichever log holds it, nor the impression's own. Histories do not say when their
    clicks were, and do not count.
    """
    clicks_E = np.sort(np.concatenate([_keys(one.clicks, one.times) for one in _logs(prior, log)]))
    starts_N = np.searchsorted(clicks_E, np.arange(len(log.news)) * SPAN - SPAN // 2)
    before_S = np.searchsorted(clicks_E, _keys(log.candidates, log.times))
    return (before_S - starts_N[log.candidates.values]).astype(np.float64)


def recency(prior: ImpressionLog, log: ImpressionLog, rng: np.random.Generator) -> Float64:
    """When each candidate was first seen, in seconds since 1970: the newest scores highest.

    The logs do not say when news appeared, so it is the first moment at which either log names
    the item, as a candidate or in a history: at the latest that of the scored impression itself,
    so nothing later is used. What stands in the logs' first impressions may be older than that.
    """
    first_N = np.full(len(log.news), np.iinfo(np.int64).max)
    for one in _logs(prior, log):
        for named in (one.candidates, one.history):
            np.minimum.at(first_N, named.values, _seconds(named, one.times))
    return first_N[log.candidates.values].astype(np.float64)


def category_count(prior: ImpressionLog, log: ImpressionLog, rng: np.random.Generator) -> Float64:
    """How many of the reader's past clicks are in the candidate's category.

    Equal counts are ordered by the clicks in its subcategory, which add less than 1. A category
    that is not stated is no category: its count is 0.
    """
    in_category_S = _clicked_before(log, _codes(log.news, "category"))
    in_subcategory_S = _clicked_before(log, _codes(log.news, "category", "subcategory"))
    clicks_S = np.repeat(log.history.lengths, log.candidates.lengths)
    return in_category_S + in_subcategory_S / (clicks_S + 1)


BASELINES: Final[Mapping[str, Baseline]] = {
    "random": random,
    "popularity": popularity,
    "recency": recency,
    "category_count": category_count,
}


def baseline_scores(log: ImpressionLog, prior: ImpressionLog | None = None) -> dict[str, Float64]:
    """Every baseline's scores of a log, by name, with the clicks of an earlier one, if any.

    Raises Leak for a prior that reaches into what is evaluated.
    """
    if prior is not None:
        check_no_leak(prior, log)
    earlier = prior if prior is not None else log.take(np.empty(0, np.int64))
    rng = np.random.default_rng(SEED)
    return {name: baseline(earlier, log, rng) for name, baseline in BASELINES.items()}


def _logs(prior: ImpressionLog, log: ImpressionLog) -> tuple[ImpressionLog, ImpressionLog]:
    if prior.news is not log.news:
        raise ValueError("the logs are not over one news table")
    return prior, log


def _seconds(named: Ragged, times: Times) -> Int64:
    """When each value of the lists was named, in seconds since 1970."""
    return np.repeat(times.astype("datetime64[s]").astype(np.int64), named.lengths)


def _keys(named: Ragged, times: Times) -> Int64:
    """One number for each value of the lists, which sorts by news row, then by moment."""
    return named.values * SPAN + _seconds(named, times)


def _codes(news: NewsTable, *columns: str) -> Int64:
    """A number for each item (N,), the same for the same cells; −1 where one of them is empty."""
    cells = list(zip(*(news.column(name) for name in columns), strict=True))
    code_of = {named: code for code, named in enumerate(dict.fromkeys(cells))}
    return np.array([code_of[named] if all(named) else -1 for named in cells], np.int64)


def _clicked_before(log: ImpressionLog, codes_N: Int64) -> Float64:
    """How many items of the reader's history have each candidate's code (S,)."""
    width = int(codes_N.max(initial=0)) + 1

    def keys(named: Ragged) -> Int64:
        reader = np.repeat(np.arange(len(named)), named.lengths)
        codes = codes_N[named.values]
        return np.where(codes < 0, -1, reader * width + codes)

    clicked_E = np.sort(keys(log.history))
    shown_S = keys(log.candidates)
    through_S = np.searchsorted(clicked_E, shown_S, side="right")
    counts_S = through_S - np.searchsorted(clicked_E, shown_S)
    return np.where(shown_S < 0, 0, counts_S).astype(np.float64)

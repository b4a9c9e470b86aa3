"""What an answer must not be, whatever the load: the promises of the interface, one by one.

A fault is named after the promise that was broken. Of two things that happen at once either may
come first, so that only what was acknowledged before a request was sent counts against its answer.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from loadtest.shelf import Shelf

Fault = Literal[
    "repeated",
    "clicked or hidden",
    "excluded",
    "on an earlier page",
    "withdrawn",
    "another category",
    "more than asked",
    "ranks",
    "explanation does not sum",
    "click not counted",
    "published and not found",
    "event refused",
    "article refused",
]
"""Which promise was broken."""

Answer = Mapping[str, Any]
SUMS_WITHIN: Final = 1e-9
WITHOUT_STATE: Final = frozenset({"state_unavailable", "state_lost"})
"""Reasons of ``degraded`` for which nothing is known of the reader."""


@dataclass(frozen=True)
class Asked:
    """A request for recommendations, as it was sent, and what was known by then."""

    moment: float
    limit: int
    never_again: frozenset[str] = frozenset()
    """What the reader had clicked, hidden or disliked, acknowledged."""
    excluded: frozenset[str] = frozenset()
    """What the request excludes, and the articles of its session."""
    earlier: frozenset[str] = frozenset()
    """What earlier pages of this list showed."""
    categories: frozenset[str] | None = None
    newest_click: str | None = None
    explain: bool = False


def without_state(answer: Answer) -> bool:
    """Whether it was given without the reader's state, which is no fault but is counted."""
    return not WITHOUT_STATE.isdisjoint(answer.get("degraded", ()))


def faults(asked: Asked, answer: Answer, shelf: Shelf) -> list[Fault]:
    """Every promise that a recommendation breaks, each once."""
    items: Sequence[Answer] = answer["items"]
    found = [*_of_list(asked.limit, items), *_of_articles(asked, answer, shelf)]
    if asked.explain:
        found += _of_explanations(asked, answer)
    return list(dict.fromkeys(found))


def listing_faults(limit: int, moment: float, answer: Answer, shelf: Shelf) -> list[Fault]:
    """Every promise that a list which is nobody's own breaks: similar articles, what is read."""
    return faults(Asked(moment, limit), answer, shelf)


def _of_list(limit: int, items: Sequence[Answer]) -> Iterator[Fault]:
    shown = Counter(item["article_id"] for item in items)
    if any(times > 1 for times in shown.values()):
        yield "repeated"
    if len(items) > limit:
        yield "more than asked"
    if [item["rank"] for item in items] != list(range(1, len(items) + 1)):
        yield "ranks"


def _of_articles(asked: Asked, answer: Answer, shelf: Shelf) -> Iterator[Fault]:
    never_again = frozenset[str]() if without_state(answer) else asked.never_again
    for item in answer["items"]:
        article_id = item["article_id"]
        if article_id in never_again:
            yield "clicked or hidden"
        if article_id in asked.excluded:
            yield "excluded"
        if article_id in asked.earlier:
            yield "on an earlier page"
        if shelf.gone(article_id, asked.moment):
            yield "withdrawn"
        if asked.categories is not None and shelf.elsewhere(article_id, asked.categories):
            yield "another category"


def _of_explanations(asked: Asked, answer: Answer) -> Iterator[Fault]:
    for item in answer["items"]:
        reason = item["reason"]
        clicks = {part["article_id"] for part in reason["clicks"]}
        by_terms = bool(clicks) and reason["explanation"] == "terms"
        contributions = [part["contribution"] for part in reason["clicks"]]
        if not _sums(list(reason["parts"].values()), item["score"]) or (
            by_terms and not _sums(contributions, item["relevance"])
        ):
            yield "explanation does not sum"
        personal = not answer.get("degraded")
        if personal and asked.newest_click is not None and asked.newest_click not in clicks:
            yield "click not counted"


def _sums(parts: Sequence[float], whole: float) -> bool:
    return math.isclose(math.fsum(parts), whole, rel_tol=SUMS_WITHIN, abs_tol=SUMS_WITHIN)

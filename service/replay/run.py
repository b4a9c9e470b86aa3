"""The real pipeline over a log, in the order of time: articles appear, readers come and click.

At every impression each scenario is asked twice: to order what the log says was shown, which tells
how accurate it is, and to recommend from everything that is live, which tells what its lists are
like. Then what really happened is recorded: every scenario sees the same past.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from model_store.artefact import Artefact
from service.composition import Parts, assembled, newsstand_under
from service.domain.article import Article
from service.domain.event import Event, EventType
from service.domain.experiment import PolicyBook
from service.domain.fields import ArticleId
from service.domain.recommendation import RecommendRequest
from service.errors import SetupError
from service.pipeline.ingest import ingest
from service.pipeline.newsstand import Newsstand
from service.pipeline.recommend import recommend
from service.pipeline.record import record
from service.pipeline.stages import Stages
from service.replay.log import Log, LoggedClick, LoggedImpression
from service.replay.measures import Listed, Measures
from service.settings import Settings

LIST_LENGTH: Final = 10
INGESTED_AT_ONCE: Final = 500
RECORDED_AT_ONCE: Final = 500
COUNTED_EVERY_SECONDS: Final = 60.0
COUNT_WAIT_MS: Final = 1
HOUR: Final = 3_600.0

WITHOUT_TEXTS: Final = {"personal": False, "diversity": 0.0, "duplicates": None}

SEED: Final = 1
"""What chance decides, it decides the same way again."""

Measured = dict[str, Measures]
"""What each scenario was measured by."""


@dataclass
class Clock:
    """The log's time."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class _Stage:
    """Where the log is played: the pipeline, its clock, and what has happened so far."""

    parts: Parts
    newsstand: Newsstand
    clock: Clock
    log: Log
    to_come: Sequence[str]
    """Every article, in the order in which they appear."""
    published: int = 0
    clicks: Counter[str] = field(default_factory=Counter)
    counted_at: float = 0.0


async def replay(
    log: Log,
    artefact: Artefact,
    settings: Settings,
    scenarios: Sequence[str],
    first: int,
    passed: Callable[[int], None],
) -> Measured:
    """Play the log and measure the scenarios over its impressions but the ``first``, which only
    happen. ``passed`` is called with the number of impressions played so far.

    The state lives in ``settings``' Redis or embedded Valkey, which has to be empty. Raises
    SetupError for an unknown scenario and for state that is not empty; Unavailable.
    """
    clock = Clock(min(log.first_seen.values()))
    async with AsyncExitStack() as stack:
        parts = await assembled(settings, stack, clock)
        _known(scenarios, parts.policies())
        newsstand = _for_replay(await newsstand_under(artefact, parts))
        if log.without_texts:
            newsstand = _impersonal(newsstand)
        if await parts.log.log_position() != b"0-0":
            raise SetupError("a replay begins with an empty state store")
        to_come = sorted(log.first_seen, key=log.first_seen.__getitem__)
        stage = _Stage(parts, newsstand, clock, log, to_come)
        measured = {scenario: Measures() for scenario in scenarios}
        for number, impression in enumerate(log.impressions):
            await _until(stage, impression)
            if number >= first:
                for scenario, measures in measured.items():
                    await _measure(stage, impression, scenario, measures)
            await _happened(stage, impression)
            passed(number + 1)
        return measured


def _known(scenarios: Sequence[str], book: PolicyBook) -> None:
    for scenario in scenarios:
        if book.policy(scenario) is None:
            raise SetupError(f"there is no scenario {scenario}: {', '.join(book.names)}")


def _for_replay(newsstand: Newsstand) -> Newsstand:
    """The same without experiments, each scenario by itself, and with its chance fixed."""
    plain = PolicyBook(scenarios=newsstand.policies().scenarios)
    return replace(newsstand, policies=lambda: plain, rng=np.random.default_rng(SEED))


def _impersonal(newsstand: Newsstand) -> Newsstand:
    """The same, but nobody is profiled and no articles are alike: there is no text to compare."""
    book = newsstand.policies()
    scenarios = {
        name: policy.model_copy(update=WITHOUT_TEXTS)
        for name in book.names
        if (policy := book.policy(name)) is not None
    }
    without_taste = PolicyBook.model_construct(scenarios=scenarios)
    return replace(newsstand, policies=lambda: without_taste)


async def _until(stage: _Stage, impression: LoggedImpression) -> None:
    """Let everything happen that happened before the impression."""
    first_seen, end = stage.log.first_seen, stage.published
    while end < len(stage.to_come) and first_seen[stage.to_come[end]] <= impression.seconds:
        end += 1
    arrived, stage.published = stage.to_come[stage.published : end], end
    for begin in range(0, len(arrived), INGESTED_AT_ONCE):
        await _publish(stage, arrived[begin : begin + INGESTED_AT_ONCE])
    stage.clock.now = impression.seconds
    if impression.history:
        await _record(stage, impression.user_id, "click", impression.history)
    if impression.seconds >= stage.counted_at + COUNTED_EVERY_SECONDS:
        await stage.parts.popularity.count(COUNT_WAIT_MS)
        await stage.parts.popularity.refresh()
        stage.counted_at = impression.seconds


async def _publish(stage: _Stage, article_ids: Iterable[str]) -> None:
    incoming = []
    for article_id in article_ids:
        logged = stage.log.articles[article_id]
        article = Article(
            title=logged.title,
            abstract=logged.abstract or None,
            category=logged.category or None,
            subcategory=logged.subcategory or None,
            published_at=_moment(stage.log.first_seen[article_id]),
        )
        incoming.append((ArticleId(article_id), article))
    await ingest(stage.newsstand, incoming, Stages())


async def _measure(
    stage: _Stage, impression: LoggedImpression, scenario: str, measures: Measures
) -> None:
    shown = list(dict.fromkeys(impression.shown))
    request = RecommendRequest(
        user_id=impression.user_id, limit=min(len(shown), 1_000), scenario=scenario
    )
    only = set(map(ArticleId, shown))
    answer = await recommend(stage.newsstand, request, Stages(), only)
    ranked = [item.article_id for item in answer.items]
    # What the pipeline leaves out, since the reader has clicked it before, it would show last.
    ranked += [article_id for article_id in shown if article_id not in set(ranked)]
    clicked = {click.article_id for click in impression.clicked}
    measures.ranked([article_id in clicked for article_id in ranked])
    request = request.model_copy(update={"limit": LIST_LENGTH})
    answer = await recommend(stage.newsstand, request, Stages())
    measures.listed(_listed(stage, [item.article_id for item in answer.items]))


def _listed(stage: _Stage, article_ids: Sequence[str]) -> Listed:
    catalogue = stage.newsstand.catalogue
    rows = catalogue.rows(map(ArticleId, article_ids))
    generated = any(stage.log.articles[article_id].generated for article_id in article_ids)
    return Listed(
        article_ids=tuple(article_ids),
        vectors=None if generated else catalogue.vectors(rows),
        categories=tuple(entry.category for entry in catalogue.entries(rows)),
        age_hours=(stage.clock.now - catalogue.columns.published_R[rows]) / HOUR,
        clicks=tuple(stage.clicks[article_id] for article_id in article_ids),
        all_clicks=stage.clicks.total(),
        live=len(catalogue),
    )


async def _happened(stage: _Stage, impression: LoggedImpression) -> None:
    seen = [LoggedClick(article_id, impression.seconds) for article_id in impression.shown]
    await _record(stage, impression.user_id, "impression", seen)
    await _record(stage, impression.user_id, "click", impression.clicked)


async def _record(
    stage: _Stage, user_id: str, kind: EventType, clicks: Sequence[LoggedClick]
) -> None:
    if kind == "click":
        stage.clicks.update(click.article_id for click in clicks)
    events = [
        Event(
            user_id=user_id,
            article_id=click.article_id,
            type=kind,
            timestamp=_moment(click.seconds),
            dwell_seconds=click.dwell_seconds if kind == "click" else None,
        )
        for click in clicks
    ]
    for begin in range(0, len(events), RECORDED_AT_ONCE):
        piece = events[begin : begin + RECORDED_AT_ONCE]
        await record(stage.newsstand, piece, int(stage.clock.now * 1000))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

"""The experiment on a running service: fill it once, then ask it everything."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.progress import track

from bench.cold_start.days import Calendar, articles, crowd
from bench.cold_start.figures import Curve, Curves
from bench.cold_start.kinds import Kind
from bench.cold_start.readers import events_of
from bench.cold_start.service import Ask, accepted, ranked, recommended, scores, switch, unranked
from newsstand_client import Newsstand
from training.data.impressions import ImpressionLog
from training.evaluation.report import evaluate_scores

POLICY: Final = "default policy over the mean"


def fill(
    newsstand: Newsstand, log: ImpressionLog, before: ImpressionLog, clicks: Sequence[int]
) -> dict[str, int]:
    """Tell a service that knows nothing of the articles, of the days before, and of the log's
    readers, each number of clicks in a reader of its own; how many of each it was told.
    """
    calendar = Calendar.of(log)
    stored = newsstand.put_articles(articles(log, before, calendar))
    public = newsstand.send_events(crowd(before, calendar))
    own = newsstand.send_events(
        event for count in clicks for event in events_of(log, count, calendar.long_ago)
    )
    return {
        "articles": accepted(stored),
        "clicks of the days before": accepted(public),
        "clicks of the readers": accepted(own),
    }


def measured(
    newsstand: Newsstand, log: ImpressionLog, clicks: Sequence[int], kinds: Sequence[Kind]
) -> Curves:
    """Ask a service that is filled, and serves the first kind's model: for what its default policy
    makes of that, then for the scores of every kind, to whose model it is switched.

    The model alone has no score for readers without clicks, which is checked: those curves begin
    at the first click.
    """
    known = [count for count in clicks if count]
    scores(newsstand, log, 0, unranked)
    curves = {POLICY: _curve(newsstand, log, clicks, recommended, POLICY)}
    for number, kind in enumerate(kinds):
        if number:
            switch(newsstand, kind.model)
        curves[kind.name] = _curve(newsstand, log, known, ranked, kind.name)
    return curves


def _curve(
    newsstand: Newsstand, log: ImpressionLog, clicks: Sequence[int], ask: Ask, name: str
) -> Curve:
    shown = track(clicks, name, console=Console(stderr=True))
    return {count: evaluate_scores(log, scores(newsstand, log, count, ask)) for count in shown}

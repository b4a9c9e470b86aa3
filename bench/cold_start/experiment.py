"""The experiment on a running service: fill it once, then ask it everything."""

from collections.abc import Sequence
from typing import Final

import httpx
from rich.console import Console
from rich.progress import track

from bench.cold_start import service
from bench.cold_start.days import Calendar, articles, crowd
from bench.cold_start.figures import Curve, Curves
from bench.cold_start.kinds import Kind
from bench.cold_start.readers import events_of
from bench.cold_start.service import Ask
from training.data.impressions import ImpressionLog
from training.evaluation.report import evaluate_scores

POLICY: Final = "default policy over the mean"


def fill(
    client: httpx.Client, log: ImpressionLog, before: ImpressionLog, clicks: Sequence[int]
) -> dict[str, int]:
    """Tell a service that knows nothing of the articles, of the days before, and of the log's
    readers, each number of clicks in a reader of its own; how many of each.
    """
    calendar = Calendar.of(log)
    told = {"articles": service.send(client, "/v1/articles", articles(log, before, calendar))}
    told["clicks of the days before"] = service.send(client, "/v1/events", crowd(before, calendar))
    told["clicks of the readers"] = sum(
        service.send(client, "/v1/events", events_of(log, count, calendar.long_ago))
        for count in clicks
    )
    service.until_counted(client)
    return told


def measured(
    client: httpx.Client,
    log: ImpressionLog,
    clicks: Sequence[int],
    kinds: Sequence[Kind],
) -> Curves:
    """Ask a service that is filled, and serves the first kind's model: for what its default policy
    makes of that, then for the scores of every kind, to whose model it is switched.

    The model alone has no score for readers without clicks, which is checked: those curves begin
    at the first click.
    """
    known = [count for count in clicks if count]
    service.scores(client, log, 0, service.unranked)
    curves = {POLICY: _curve(client, log, clicks, service.recommended, POLICY)}
    for number, kind in enumerate(kinds):
        if number:
            service.switch(client, kind.model)
        curves[kind.name] = _curve(client, log, known, service.ranked, kind.name)
    return curves


def _curve(
    client: httpx.Client, log: ImpressionLog, clicks: Sequence[int], ask: Ask, name: str
) -> Curve:
    shown = track(clicks, name, console=Console(stderr=True))
    return {count: evaluate_scores(log, service.scores(client, log, count, ask)) for count in shown}

"""The experiment's part over HTTP: articles and clicks in, scores out, another model in between."""

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import httpx
import numpy as np
from numpy.typing import NDArray

from bench.cold_start.readers import reader_id
from newsstand_client import Filters, Newsstand
from newsstand_client.batches import Batch
from newsstand_client.lists import Ranking, Recommendation
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId

MOST_SOURCES: Final = 100
"""A filter names so many at most."""
LOOK_SECONDS: Final = 0.2
TRIES: Final = 50
COUNTED_UNTIL: Final = re.compile(r"^newsstand_counters_lag_seconds\S* (\S+)$", re.MULTILINE)

Answered = TypeVar("Answered", Ranking, Recommendation)
Scores = dict[str, float]
Ask = Callable[[Newsstand, str, Sequence[NewsId], int], Scores]
"""The scores that a reader with so many clicks is given for candidates; what is not among them
comes last."""


def accepted(batch: Batch) -> int:
    """How many items were taken. Raises RuntimeError if one was not."""
    if batch.rejected:
        raise RuntimeError(f"{batch.rejected} items were rejected: {batch.refusals()[:3]}")
    return batch.accepted


def until_counted(address: str) -> None:
    """Wait until all clicks so far count in what is read most."""
    posted = time.time()
    while True:
        asked = time.time()
        found = COUNTED_UNTIL.search(httpx.get(f"{address}/metrics").raise_for_status().text)
        if found and asked - float(found.group(1)) > posted:
            return
        time.sleep(LOOK_SECONDS)


def switch(newsstand: Newsstand, model: str) -> None:
    """Have the service serve another model, and wait until it does. Raises RuntimeError if it
    cannot.
    """
    newsstand.switch_model(model)
    while (said := newsstand.models()).active != model:
        if said.switch is None:
            raise RuntimeError(f"{model} was not switched to: {said.failed}")
        time.sleep(LOOK_SECONDS)


def scores(newsstand: Newsstand, log: ImpressionLog, clicks: int, ask: Ask) -> NDArray[np.float64]:
    """A score for every candidate of the log (S,), for readers with so many clicks."""
    return np.concatenate([_scored(newsstand, impression, clicks, ask) for impression in log])


def ranked(newsstand: Newsstand, reader: str, candidates: Sequence[NewsId], clicks: int) -> Scores:
    """By ``/v1/rank``: the model alone, which has nothing to say of a reader without clicks."""
    answer = _personal(partial(newsstand.rank, candidates, user_id=reader), clicks)
    return {item.article_id: item.score for item in answer.items if item.score is not None}


def unranked(
    newsstand: Newsstand, reader: str, candidates: Sequence[NewsId], clicks: int
) -> Scores:
    """By ``/v1/rank`` for a reader without clicks. Raises RuntimeError if one has a score."""
    if found := ranked(newsstand, reader, candidates, clicks):
        raise RuntimeError(f"{reader} has no clicks, but scores: {found}")
    return found


def recommended(
    newsstand: Newsstand, reader: str, candidates: Sequence[NewsId], clicks: int
) -> Scores:
    """By ``/v1/recommend`` of the candidates alone: what the default policy makes of the model's
    relevance, what is read most, and age. What the reader has clicked before is left out.
    """
    distinct = list(dict.fromkeys(candidates))
    found: Scores = {}
    for first in range(0, len(distinct), MOST_SOURCES):
        some = distinct[first : first + MOST_SOURCES]
        filters = Filters(sources=some)
        ask = partial(newsstand.recommend, reader, limit=len(some), filters=filters)
        answer = _personal(ask, clicks)
        found |= {item.article_id: item.score for item in answer.items}
    return found


def _scored(
    newsstand: Newsstand, impression: Impression, clicks: int, ask: Ask
) -> NDArray[np.float64]:
    candidates = impression.candidates
    found = ask(newsstand, reader_id(impression, clicks), candidates, clicks)
    last = min(found.values(), default=0.0) - 1.0
    return np.array([found.get(candidate, last) for candidate in candidates])


def _personal(ask: Callable[[], Answered], clicks: int) -> Answered:
    """The answer, asked for again while the state store is late, as it may be on a machine that
    others keep busy. Raises RuntimeError unless exactly the readers without clicks are not known.
    """
    for _ in range(TRIES):
        answer = ask()
        if tuple(answer.degraded) != ("state_unavailable",):
            break
        time.sleep(LOOK_SECONDS)
    if tuple(answer.degraded) != (() if clicks else ("unknown_reader",)):
        raise RuntimeError(f"of a reader with {clicks} clicks: degraded {answer.degraded}")
    return answer

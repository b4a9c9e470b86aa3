"""The experiment's part over HTTP: articles and clicks in, scores out, another model in between."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Final

import httpx
import numpy as np
from numpy.typing import NDArray

from bench.cold_start.readers import reader_id
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId

BATCH: Final = 1_000
MOST_SOURCES: Final = 100
"""A filter names so many at most."""
LOOK_SECONDS: Final = 0.2
COUNTED_UNTIL: Final = re.compile(r"^newsstand_counters_lag_seconds\S* (\S+)$", re.MULTILINE)

Scores = dict[str, float]
Ask = Callable[[httpx.Client, str, Sequence[NewsId], int], Scores]
"""The scores that a reader with so many clicks is given for candidates; what is not among them
comes last."""


def send(client: httpx.Client, path: str, items: Iterable[Any]) -> int:
    """Post the items, a thousand at a time; how many. Raises RuntimeError if one is rejected."""
    sent, rest = 0, iter(items)
    while batch := list(islice(rest, BATCH)):
        answer = client.post(path, json=batch).raise_for_status().json()
        if answer["rejected"]:
            first = next(r for r in answer["results"] if r["status"] == "rejected")
            raise RuntimeError(f"{answer['rejected']} of {path} were rejected: {first}")
        sent += len(batch)
    return sent


def until_counted(client: httpx.Client) -> None:
    """Wait until all clicks so far count in what is read most."""
    posted = time.time()
    while True:
        asked = time.time()
        found = COUNTED_UNTIL.search(client.get("/metrics").raise_for_status().text)
        if found and asked - float(found.group(1)) > posted:
            return
        time.sleep(LOOK_SECONDS)


def switch(client: httpx.Client, model: str) -> None:
    """Have the service serve another model, and wait until it does. Raises RuntimeError if it
    cannot.
    """
    client.put("/v1/models/active", json={"model": model}).raise_for_status()
    while (said := client.get("/v1/models").raise_for_status().json())["active"] != model:
        if said["switch"] is None:
            raise RuntimeError(f"{model} was not switched to: {said['failed']}")
        time.sleep(LOOK_SECONDS)


def scores(client: httpx.Client, log: ImpressionLog, clicks: int, ask: Ask) -> NDArray[np.float64]:
    """A score for every candidate of the log (S,), for readers with so many clicks."""
    return np.concatenate([_scored(client, impression, clicks, ask) for impression in log])


def ranked(client: httpx.Client, reader: str, candidates: Sequence[NewsId], clicks: int) -> Scores:
    """By ``/v1/rank``: the model alone, which has nothing to say of a reader without clicks."""
    body = {"user_id": reader, "candidate_article_ids": candidates}
    answer = client.post("/v1/rank", json=body).raise_for_status().json()
    _check(answer["degraded"], reader, clicks)
    return {i["article_id"]: i["score"] for i in answer["items"] if i["score"] is not None}


def unranked(
    client: httpx.Client, reader: str, candidates: Sequence[NewsId], clicks: int
) -> Scores:
    """By ``/v1/rank`` for a reader without clicks. Raises RuntimeError if one has a score."""
    if found := ranked(client, reader, candidates, clicks):
        raise RuntimeError(f"{reader} has no clicks, but scores: {found}")
    return found


def recommended(
    client: httpx.Client, reader: str, candidates: Sequence[NewsId], clicks: int
) -> Scores:
    """By ``/v1/recommend`` of the candidates alone: what the default policy makes of the model's
    relevance, what is read most, and age. What the reader has clicked before is left out.
    """
    distinct = list(dict.fromkeys(candidates))
    found: Scores = {}
    for first in range(0, len(distinct), MOST_SOURCES):
        some = distinct[first : first + MOST_SOURCES]
        body = {"user_id": reader, "limit": len(some), "filters": {"sources": some}}
        answer = client.post("/v1/recommend", json=body).raise_for_status().json()
        _check(answer["degraded"], reader, clicks)
        found |= {item["article_id"]: item["score"] for item in answer["items"]}
    return found


def _scored(
    client: httpx.Client, impression: Impression, clicks: int, ask: Ask
) -> NDArray[np.float64]:
    candidates = impression.candidates
    found = ask(client, reader_id(impression, clicks), candidates, clicks)
    last = min(found.values(), default=0.0) - 1.0
    return np.array([found.get(candidate, last) for candidate in candidates])


def _check(degraded: Sequence[str], reader: str, clicks: int) -> None:
    """Raises RuntimeError unless exactly the readers without clicks are not known."""
    if list(degraded) != ([] if clicks else ["unknown_reader"]):
        raise RuntimeError(f"{reader}: {clicks} clicks, degraded: {degraded}")

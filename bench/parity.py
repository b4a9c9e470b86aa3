"""Online equals offline: ``/v1/rank`` over logged impressions against ``newsstand-train evaluate``.

All news of a MIND folder go in over HTTP; each impression's history is posted as the clicks of its
reader, who is erased first; its candidates are ranked for that reader. The metrics of the scores
that come back must be those of the offline evaluation of the same artefact, to four decimals.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.data import MIND
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import server
from model_store.store import ModelStore
from training.data.impressions import Impression, ImpressionLog
from training.data.logs import read_logs
from training.data.news import NewsTable
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import Report, evaluate_scores

BATCH = 1_000


def main() -> None:
    """Run it all, print the table, and exit with 1 if a metric differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    options = parser.parse_args()
    if not MIND.is_dir():
        sys.exit(f"there is no {MIND}; name a folder with mind-sample in NEWSSTAND_DATA")
    (log,) = read_logs([MIND / "dev"], [MIND / "train"])
    with tempfile.TemporaryDirectory() as folder:
        store = ["--model-store", str(options.model_store), "--model", options.model]
        arguments = ["serve", "--port", "0", "--data-dir", folder, *store]
        with (
            server("service.cli", arguments, None, Path(folder) / "log") as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client,
        ):
            started = time.perf_counter()
            post_news(client, log.news)
            seconds = time.perf_counter() - started
            online = evaluate_scores(log, served_scores(client, log))
    artefact = ModelStore.at(options.model_store).load(options.model)
    offline = evaluate_on(artefact, log, "mind-sample/dev").report
    same = agree(online, offline)
    Console().print(_table(online, offline))
    print(
        f"{describe()}; {artefact.manifest.reference}; {len(log.news)} news in {seconds:.0f} s; "
        f"{len(log)} impressions, {online.single_class} of a single class left out"
    )
    sys.exit(0 if same else 1)


def post_news(client: httpx.Client, news: NewsTable) -> None:
    """Ingest the news, a thousand at a time."""
    articles = [
        {"article_id": news_id, "language": "en"} | {k: v for k, v in fields.items() if v}
        for news_id, fields in zip(news.ids, news.fields(), strict=True)
    ]
    for batch in track(list(_batches(articles)), "news", console=Console(stderr=True)):
        answer = client.post("/v1/articles", json=batch).raise_for_status().json()
        if answer["rejected"]:
            raise RuntimeError(f"{answer['rejected']} articles were rejected")


def served_scores(client: httpx.Client, log: ImpressionLog) -> NDArray[np.float64]:
    """Every candidate's score from ``/v1/rank``, after its impression's history was posted as
    events; 0 where the history is empty.
    """
    return np.concatenate([_ranked(client, one) for one in _shown(log)])


def _ranked(client: httpx.Client, impression: Impression) -> NDArray[np.float64]:
    if not impression.history:
        return np.zeros(len(impression.candidates))
    reader = impression.user_id
    client.delete(f"/v1/users/{reader}").raise_for_status()
    clicks = [{"user_id": reader, "article_id": a, "type": "click"} for a in impression.history]
    for batch in _batches(clicks):
        answer = client.post("/v1/events", json=batch).raise_for_status().json()
        if answer["rejected"]:
            raise RuntimeError(f"{answer['rejected']} clicks were rejected")
    request = {"user_id": reader, "candidate_article_ids": impression.candidates}
    ranked = client.post("/v1/rank", json=request).raise_for_status().json()
    score_of = {item["article_id"]: item["score"] for item in ranked["items"]}
    return np.array([score_of[candidate] for candidate in impression.candidates])


def _shown(log: ImpressionLog) -> Iterable[Impression]:
    return track(log, "impressions", total=len(log), console=Console(stderr=True))


def agree(online: Report, offline: Report) -> bool:
    """Whether every metric is the same to four decimals, over as many impressions."""
    return all(
        round(online.estimates[name].mean, 4) == round(estimate.mean, 4)
        and online.estimates[name].count == estimate.count
        for name, estimate in offline.estimates.items()
    )


def _batches(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[first : first + BATCH] for first in range(0, len(items), BATCH))


def _table(online: Report, offline: Report) -> Table:
    table = Table("", "/v1/rank", "newsstand-train evaluate", "standard error", "impressions")
    for name, estimate in offline.estimates.items():
        table.add_row(
            name,
            f"{online.estimates[name].mean:.6f}",
            f"{estimate.mean:.6f}",
            f"{estimate.standard_error:.4f}",
            str(estimate.count),
        )
    return table


if __name__ == "__main__":
    main()

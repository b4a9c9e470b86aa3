"""Cold start through the service: quality against the clicks that are known of a reader.

The service is started as a user starts it. All articles of a MIND day go in over HTTP; readers who
had clicked at least 32 times are given their newest 0, 1, 2, 4, … 32 clicks, each number in a
reader of its own; the candidates of their impressions are ranked for them: by ``/v1/rank`` under
each model, which the service is switched to meanwhile, and by ``/v1/recommend``, whose default
policy also knows what was clicked in the days before, which is all that a reader without clicks
can be given. Nothing was learned or counted of the evaluated day. All points are on the same
impressions.

``python -m bench.cold_start`` writes ``bench/out/cold-start``: the figures, the plot, and the
models, which are not trained again.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.cold_start import figures, plot
from bench.cold_start.attention import attentive
from bench.cold_start.experiment import POLICY, fill, measured
from bench.cold_start.figures import Curves, Differences
from bench.cold_start.kinds import fused
from bench.cold_start.readers import with_clicks
from bench.cold_start.service import until_counted
from bench.data import MIND
from bench.machine import describe
from bench.processes import server
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from newsstand_client import Newsstand
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.splits import check_no_leak, split_last_day
from training.evaluation.baselines import popularity
from training.evaluation.report import Report, evaluate_scores
from training.run import Logs

OUT: Final = Path(__file__).parent.parent / "out" / "cold-start"
CLICKS: Final = (0, 1, 2, 4, 8, 16, 32)
OFFLINE: Final = "offline: clicks counted until then, the same day's too"


def main() -> None:
    """Train what is missing, measure, print tables, and write figures and plot."""
    options = _options()
    if not MIND.is_dir():
        sys.exit(f"there is no {MIND}; name a folder with mind-sample in NEWSSTAND_DATA")
    before, day = read_logs([MIND / "train", MIND / "dev"])
    check_no_leak(before, day)
    clicks = sorted({0, *options.clicks})
    log = with_clicks(day, clicks[-1], options.impressions)
    shipped, began = ModelStore.at().load(DEFAULT_ARTEFACT), time.perf_counter()
    logs = Logs(*split_last_day(before), ("mind-sample, 9-11 Nov", "12 Nov"))
    kinds = fused(shipped, OUT / "store")
    kinds += attentive(shipped, logs, OUT / "runs", OUT / "store")
    ready = time.perf_counter()
    with _serving() as (newsstand, address):
        told = fill(newsstand, log, before, clicks)
        until_counted(address)
        curves = measured(newsstand, log, clicks, kinds)
    facts = {
        "model": shipped.manifest.reference,
        "seconds": {"training": ready - began, "service": time.perf_counter() - ready},
        "impressions": len(log),
        "impressions of the day": len(day),
        "readers": len(set(log.users)),
        "told": told,
    }
    offline = {OFFLINE: {0: _popularity_until_then(before, day, log)}}
    _report(facts, curves | offline, _compared(curves, log))
    plot.draw(curves, OUT / "cold-start.svg")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, nargs="+", default=CLICKS, help="0 is among them")
    parser.add_argument("--impressions", type=int, help="so many at most, evenly spaced; all")
    return parser.parse_args()


@contextmanager
def _serving() -> Iterator[tuple[Newsstand, str]]:
    """A service of its own that begins empty and serves what ships; its models are ours, too. And
    its address.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["serve", "--port", "0", "--data-dir", folder, "--reencode-share", "1"]
        arguments += ["--model-store", str(OUT / "store"), "--model", DEFAULT_ARTEFACT]
        with server("service.cli", arguments, None, Path(folder) / "log") as port:
            address = f"http://127.0.0.1:{port}"
            with Newsstand(address, timeout=60.0) as newsstand:
                yield newsstand, address


def _popularity_until_then(before: ImpressionLog, day: ImpressionLog, log: ImpressionLog) -> Report:
    """What counting clicks up to each impression, the same day's too, would be worth offline: the
    service is not told of them here.
    """
    scores_S = popularity(before, day, np.random.default_rng(0))
    place_of = {impression_id: place for place, impression_id in enumerate(day.ids)}
    places = day.candidates.places(np.array([place_of[i] for i in log.ids], np.int64))
    return evaluate_scores(log, scores_S[places])


def _compared(curves: Curves, log: ImpressionLog) -> Mapping[str, Differences]:
    """Every point against the list without clicks, and every other curve against the mean."""
    nobody, mean = curves[POLICY][0], curves["mean"]
    return {
        "minus the list without clicks": {
            name: figures.beside(curve, {clicks: nobody for clicks in curve if clicks}, log)
            for name, curve in curves.items()
        },
        "minus the mean": {
            name: figures.beside(curve, mean, log)
            for name, curve in curves.items()
            if name != "mean"
        },
    }


def _report(facts: Mapping[str, Any], curves: Curves, compared: Mapping[str, Differences]) -> None:
    for metric in plot.PLOTTED:
        print(figures.quality_table(curves, metric), end="\n\n")
        for title, differences in compared.items():
            print(figures.difference_table(title, differences, metric), end="\n\n")
    print(f"{describe()}; {facts}")
    found = {"machine": describe(), **facts, **figures.as_json(curves, compared)}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cold-start.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

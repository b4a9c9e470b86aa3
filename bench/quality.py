"""What training is worth on a small log: every recipe on the MIND sample, and the best one tested.

All recipes train on 9 to 11 November 2019 and are compared on the 12th with late fusion over the
same frozen encoder, centred: paired over impressions, whole readers resampled, the p-values
adjusted by Holm over all recipes. The 12th also stops the training, so its figures flatter what
was trained. The recipe with the highest AUC there is trained once more, on 9 to 12 November, for
as many epochs, exported, and tested once on the 13th, as the service scores it.

``python -m bench.quality --encoder FOLDER`` (multilingual-e5-small) writes ``bench/out/quality``;
a row that stands there already is not trained again.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from bench.data import MIND
from bench.machine import describe
from model_store.store import ModelStore
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.splits import check_no_leak, on_days
from training.evaluation.baselines import BASELINES
from training.evaluation.comparison import Difference, compare, holm
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import TITLES, Report, evaluate_scores
from training.export.from_recipe import export_trained
from training.recipe import Recipe
from training.recipes import find
from training.run import Logs, Trained, train
from training.scoring import Float64

OUT = Path(__file__).parent / "out" / "quality"
BASELINE = "late fusion, mean"
FROZEN = ("text.encoder.trained_layers=0", "text.pooling=mean", "text.centred=true")
SMALL = ("training.learning_rate=3e-4", "training.temperature=0.1", "training.epochs=8")
ONE_LAYER = ("text.encoder.trained_layers=1", "training.epochs=2", "training.patience=1")
ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    BASELINE: ("late-fusion", ()),
    "late fusion, recency": ("late-fusion", ("users.kind=recency",)),
    "late fusion, max": ("late-fusion", ("users.kind=max",)),
    "inclined": ("inclined", ()),
    "inclined, without next clicks": ("inclined", ("training.next_clicks=0",)),
    "inclined, without the residual layer": ("inclined", ("text.residual=false",)),
    "residual layer alone": ("inclined", ("users.kind=mean",)),
    "additive, frozen": ("additive", (*FROZEN, *SMALL)),
    "additive per dimension, frozen": (
        "additive",
        (*FROZEN, *SMALL, "users.kind=additive_per_dimension"),
    ),
    "NRMS, frozen": ("nrms", (*FROZEN, *SMALL)),
    "NAML, frozen": ("naml", (*FROZEN, *SMALL)),
    "LSTUR-ini, frozen": ("lstur", (*FROZEN, *SMALL)),
    "LSTUR-con, frozen": ("lstur", (*FROZEN, *SMALL, "users.kind=lstur_con")),
    "NRMS over random word vectors": ("nrms-words", ("training.epochs=8",)),
    "additive, one layer trained": ("additive", ONE_LAYER),
    "NRMS, one layer trained": ("nrms", ONE_LAYER),
}


def main() -> None:
    """Train what is missing, and print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--prefix", default="query: ")
    parser.add_argument("--only", nargs="*", help="rows to train; all")
    parser.add_argument("--test", action="store_true", help="test the best once on the 13th")
    options = parser.parse_args()
    if not MIND.is_dir():
        sys.exit(f"there is no {MIND}; name a folder with mind-sample in NEWSSTAND_DATA")
    train_log, test_log = read_logs([MIND / "train", MIND / "dev"])
    early = on_days(train_log, date(2019, 11, 9), date(2019, 11, 11))
    chosen_on = on_days(train_log, date(2019, 11, 12), date(2019, 11, 12))
    logs = Logs(early, chosen_on, ("mind-sample, 9-11 Nov", "12 Nov"))
    for name in options.only or ROWS:
        if not _file(name).exists():
            _train_row(name, _recipe(name, options), logs)
    rows = {name: _file(name) for name in ROWS if _file(name).exists()}
    _print_table(rows, early, chosen_on)
    if options.test:
        best = max(rows, key=lambda name: _stored(name)["auc"])
        _test(best, _recipe(best, options), train_log, test_log, options)


def _recipe(name: str, options: argparse.Namespace) -> Recipe:
    kind, changes = ROWS[name]
    recipe = find(kind)
    if recipe.text.encoder.kind == "transformer":
        of_encoder = (f"text.encoder.folder={options.encoder}",)
        changes = (*of_encoder, f'text.template="{options.prefix}{{title}}"', *changes)
    return recipe.changed(changes)


def _train_row(name: str, recipe: Recipe, logs: Logs) -> None:
    started = time.perf_counter()
    trained = train(recipe, logs, OUT / "runs" / _slug(name))
    report = trained.validation
    assert report is not None  # the logs hold a day to validate on
    OUT.mkdir(parents=True, exist_ok=True)
    progress = trained.progress
    best = int(np.argmax(progress.metrics)) + 1 if progress.metrics else 0
    figures = {
        "auc": report.estimates["auc"].mean,
        "epochs": best,
        "seconds": round(time.perf_counter() - started),
        "parameters": sum(p.numel() for p in trained.recommender.parameters() if p.requires_grad),
    }
    np.savez(_file(name), figures=json.dumps(figures), **dict(report.values))
    print(f"{name}: {figures}", file=sys.stderr)


def _print_table(rows: dict[str, Path], early: ImpressionLog, log: ImpressionLog) -> None:
    reports = {name: _report(name, log) for name in rows}
    rng = np.random.default_rng(0)
    for name, baseline in BASELINES.items():
        reports[f"baseline: {name}"] = evaluate_scores(log, baseline(early, log, rng))
    tested = {name: compare(r, reports[BASELINE], log) for name, r in reports.items()}
    adjusted = holm({n: tested[n]["auc"].p for n in reports if n != BASELINE})
    print(
        "| on 12 November | parameters trained | epochs | AUC | MRR | nDCG@10 | AUC minus "
        "late fusion | p, Holm |\n|---|---|---|---|---|---|---|---|"
    )
    for name, report in sorted(reports.items(), key=lambda row: -row[1].estimates["auc"].mean):
        figures = _stored(name) if name in rows else {"parameters": 0, "epochs": 0}
        cells = [_mean(report, metric) for metric in ("auc", "mrr", "ndcg@10")]
        beside = _beside(tested[name]["auc"]) if name != BASELINE else ""
        p = f"{adjusted[name]:.3f}" if name in adjusted else ""
        sizes = f"{figures['parameters']:,} | {figures['epochs']}"
        print(f"| {name} | {sizes} | {' | '.join(cells)} | {beside} | {p} |")
    evaluated = len(reports[BASELINE].positions_I)
    print(f"\n{describe()}; {evaluated} impressions of {len(log)}")


def _test(
    name: str,
    recipe: Recipe,
    train_log: ImpressionLog,
    test_log: ImpressionLog,
    options: argparse.Namespace,
) -> None:
    """Train the chosen recipe on all four days, and compare it once on the fifth."""
    check_no_leak(train_log, test_log)
    epochs = max(int(_stored(name)["epochs"]), 1)
    recipe = recipe.changed([f"training.epochs={epochs}"])
    logs = Logs(train_log, None, ("mind-sample, 9-12 Nov",))
    ours = _evaluated(train(recipe, logs, OUT / "runs" / "chosen"), "chosen", test_log)
    baseline = train(_recipe(BASELINE, options), logs, OUT / "runs" / "baseline")
    theirs = _evaluated(baseline, "late-fusion", test_log)
    print(f"\n| on 13 November, tested once | {' | '.join(TITLES.values())} |")
    print("|---|" + "---|" * len(TITLES))
    for label, report in ((f"{name}, {epochs} epochs", ours), (BASELINE, theirs)):
        print(f"| {label} | {' | '.join(_mean(report, metric) for metric in TITLES)} |")
    tested = compare(ours, theirs, test_log)
    beside = " | ".join(f"{_beside(tested[m])}, p {tested[m].p:.3f}" for m in TITLES)
    print(f"| difference | {beside} |\n\n{len(ours.positions_I)} impressions of {len(test_log)}")


def _evaluated(trained: Trained, name: str, log: ImpressionLog) -> Report:
    """As the service would score it, by the exported artefact."""
    artefact = export_trained(trained, OUT / "store", name)
    artefact = ModelStore.at(OUT / "store").load(artefact.manifest.reference)
    return evaluate_on(artefact, log, "13 Nov").report


def _report(name: str, log: ImpressionLog) -> Report:
    with np.load(_file(name)) as stored:
        values: dict[str, Float64] = {key: stored[key] for key in stored if key != "figures"}
    ties = evaluate_scores(log, np.zeros(len(log.labels)))
    return replace(ties, values=values)


def _stored(name: str) -> dict[str, float]:
    with np.load(_file(name)) as stored:
        figures: dict[str, float] = json.loads(str(stored["figures"]))
    return figures


def _file(name: str) -> Path:
    return OUT / f"{_slug(name)}.npz"


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-").lower()


def _mean(report: Report, metric: str) -> str:
    estimate = report.estimates[metric]
    return f"{estimate.mean:.4f} ± {estimate.standard_error:.4f}"


def _beside(difference: Difference) -> str:
    return f"{difference.mean:+.4f} ± {difference.standard_error:.4f}"


if __name__ == "__main__":
    main()

"""Training speed, with the same maths, the same batch size and the same loss.

The first table takes NRMS over a partly frozen MiniLM (two of six layers train) from the plain loop
to what ``newsstand-train`` does, one step at a time. The plain loop encodes each impression on its
own, 50 clicks and 5 candidates of 30 tokens each, padding and all, as the published
implementations do; then only the clicks that there are; then each distinct title of the batch
once, buckets of like length, the frozen layers' states kept. All of them train on the very same
examples from the same weights without dropout, and every loss must be the plain loop's. The last
row trains other weights: nothing of the encoder, so that one vector an article is kept.

With ``--peer PYTHON`` (an environment as ``bench/peer_recommenders.py`` describes) NRMS over word
vectors is measured beside the PyPI package ``recommenders`` on the package's own shape.

Shapes: B batch, C candidates, H history, D dimensions.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.functional import pad

from bench.data import MIND
from bench.machine import describe
from training import minilm
from training.data.features import NewsFeatures, Vocabularies, features_of, rendered
from training.data.impressions import ImpressionLog
from training.data.logs import read_log
from training.data.ragged import Int64
from training.encoding import KeptNews, NewsBatch, keep, plain
from training.examples import Batch, Examples, ReaderCodes, batch_of, of_impressions
from training.loop import optimizer_of
from training.models.build import build, text_sources
from training.models.recommender import Recommender
from training.models.text import TextEncoder
from training.objective import nce
from training.recipe import Recipe
from training.recipes import find

SEED = 1
HISTORY = 50
PLAIN = "every impression on its own, padded"
TOLERANCE = 2e-4
"""How far a loss may lie from the plain loop's: float32 sums in another order."""

Forward = Callable[[Examples], Tensor]
"""The scores of a batch's candidates, B rows of C."""


@dataclass(frozen=True)
class Bench:
    """A recommender at its first step, and the batches that it will be given."""

    recipe: Recipe
    recommender: Recommender
    features: NewsFeatures
    log: ImpressionLog
    batches: list[Examples]


@dataclass(frozen=True)
class Timed:
    """Examples a second, and the loss of every step."""

    speed: float
    losses: list[float]


def main() -> None:
    """Print the tables; exit with 1 if a loss is not the plain loop's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=MIND / "train")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--peer", help="python of an environment with the package recommenders")
    parser.add_argument("--ladder", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"there is no {options.data}; name a folder with mind-sample in NEWSSTAND_DATA")
    log = read_log(options.data)
    same = not options.ladder or _ladder(log, options.steps, options.batch_size)
    if options.peer:
        _beside_the_package(log, options)
    sys.exit(0 if same else 1)


def _ladder(log: ImpressionLog, steps: int, size: int) -> bool:
    changes = [f"text.encoder.folder={minilm.folder()}"]
    partly = _bench(find("nrms").changed(changes), log, steps, size)
    frozen = [*changes, "text.encoder.trained_layers=0", "text.pooling=mean"]
    fully = _bench(find("nrms").changed(frozen), log, steps, size)
    tokens = plain(partly.features)
    started = time.perf_counter()
    kept = _kept(partly)
    walked = time.perf_counter() - started
    model = partly.recommender
    rows = {
        PLAIN: _timed(partly, lambda e: _on_its_own(partly, e, HISTORY)),
        "only the clicks that there are": _timed(partly, lambda e: _on_its_own(partly, e, 0)),
        "each distinct title once": _timed(partly, lambda e: _once(model, batch_of(e, tokens))),
        "in buckets of like length": _timed(
            partly, lambda e: _bucketed(model, batch_of(e, tokens))
        ),
        "frozen layers' states kept": _timed(partly, lambda e: model(batch_of(e, kept))),
    }
    first = rows[PLAIN]
    kept_vectors = _kept(fully)
    whole = _timed(fully, lambda e: fully.recommender(batch_of(e, kept_vectors)))
    table = Table("NRMS over MiniLM, two layers train", "examples/s", "ratio", "last loss")
    for name, timed in (*rows.items(), ("nothing of the encoder trains", whole)):
        ratio = f"{timed.speed / first.speed:.1f}"
        table.add_row(name, f"{timed.speed:.1f}", ratio, f"{timed.losses[-1]:.4f}")
    Console().print(table)
    print(f"{describe()}; {steps} steps of {size}; walking the frozen layers once: {walked:.0f} s")
    return all(np.allclose(timed.losses, first.losses, atol=TOLERANCE) for timed in rows.values())


def _beside_the_package(log: ImpressionLog, options: argparse.Namespace) -> None:
    steps = 10 * options.steps
    ours = _bench(find("nrms-words"), log, steps, options.batch_size)
    tokens = plain(ours.features)
    timed = _timed(ours, lambda e: ours.recommender(batch_of(e, tokens)))
    script = [options.peer, "-m", "bench.peer_recommenders", "--data", str(options.data)]
    sizes = ["--batch-size", str(options.batch_size), "--steps", str(steps)]
    said = subprocess.run([*script, *sizes], check=True, capture_output=True, text=True).stdout
    theirs = json.loads(said)
    table = Table("NRMS over words", "examples/s", "ratio")
    table.add_row(
        f"recommenders {theirs['version']}", f"{theirs['impressions_per_second']:.1f}", ""
    )
    ratio = timed.speed / theirs["impressions_per_second"]
    table.add_row("newsstand-train, nrms-words", f"{timed.speed:.1f}", f"{ratio:.1f}")
    Console().print(table)


def _bench(recipe: Recipe, log: ImpressionLog, steps: int, size: int) -> Bench:
    sources, vocabularies = text_sources(recipe), Vocabularies.of(log.news)
    texts = rendered(log.news, recipe.text.template)
    recommender, tokenizer = build(recipe, texts, vocabularies, 0)
    for part in recommender.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    features = features_of(log.news, tokenizer, sources, vocabularies)
    rng, settings = np.random.default_rng(SEED), recipe.training
    examples = of_impressions(log, ReaderCodes([]), settings.negatives, HISTORY, rng)
    order = rng.permutation(len(examples))
    batches = [examples.take(order[i * size : (i + 1) * size]) for i in range(steps)]
    return Bench(recipe, recommender, features, log, batches)


def _kept(bench: Bench) -> KeptNews:
    named = [(e.history.values, e.candidates_EC.ravel()) for e in bench.batches]
    rows: Int64 = np.unique(np.concatenate([one for both in named for one in both]))
    return keep(bench.recommender.news, bench.features, rows)


def _timed(bench: Bench, forward: Forward) -> Timed:
    """Train over the batches from the weights as they are, and put these back."""
    before = {name: value.clone() for name, value in bench.recommender.state_dict().items()}
    optimizer = optimizer_of(bench.recommender, bench.recipe.training)
    bench.recommender.train()
    losses, started = [], 0.0
    for step, examples in enumerate(bench.batches):
        if step == 1:  # the first step warms up
            started = time.perf_counter()
        loss = nce(forward(examples), bench.recipe.training.temperature)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    seconds = time.perf_counter() - started
    bench.recommender.load_state_dict(before)
    return Timed(sum(map(len, bench.batches[1:])) / seconds, losses)


def _on_its_own(bench: Bench, examples: Examples, clicks: int) -> Tensor:
    """Each impression's titles encoded for it alone, padded to the full width; of a history that
    is shorter than ``clicks`` the missing ones are encoded too, as empty titles that are masked.
    """
    tokens, scores = bench.features.texts["title"], []
    for place in range(len(examples)):
        history, candidates = examples.history[place], examples.candidates_EC[place]
        missing = max(clicks - len(history), 1 - len(history), 0)
        rows = np.concatenate([history, candidates])
        ids_BT = torch.from_numpy(tokens.ids_NT[rows].astype(np.int64))
        mask_BT = (torch.arange(ids_BT.shape[1]) < _column(tokens.lengths_N[rows])).long()
        empty = (0, 0, 0, missing)
        vectors_BD = bench.recommender.news(pad(ids_BT, empty), pad(mask_BT, empty))
        candidates_1CD = vectors_BD[len(history) : len(rows)].unsqueeze(0)
        clicks_1HD = torch.cat([vectors_BD[: len(history)], vectors_BD[len(rows) :]]).unsqueeze(0)
        mask_1H = (torch.arange(clicks_1HD.shape[1]) < len(history)).long().unsqueeze(0)
        users = bench.recommender.users
        scores.append(users.scores(candidates_1CD, clicks_1HD, mask_1H, None))
    return torch.cat(scores)


def _column(values: Int64) -> Tensor:
    return torch.from_numpy(values).unsqueeze(1)


def _once(recommender: Recommender, batch: Batch) -> Tensor:
    """Each distinct title once, all of them padded to the longest."""
    buckets = batch.news.buckets["title"]
    widest = max(bucket.mask_BT.shape[1] for bucket in buckets)
    ids = [pad(b.kept, (0, widest - b.kept.shape[1])) for b in buckets]
    masks = [pad(b.mask_BT, (0, widest - b.mask_BT.shape[1])) for b in buckets]
    vectors = _title(recommender)(torch.cat(ids), torch.cat(masks))
    return _scored(recommender, batch, _in_order(vectors, batch.news))


def _bucketed(recommender: Recommender, batch: Batch) -> Tensor:
    """Buckets of like length, but the frozen layers walked at every step."""
    title = _title(recommender)
    buckets = batch.news.buckets["title"]
    vectors = torch.cat([title(bucket.kept, bucket.mask_BT) for bucket in buckets])
    return _scored(recommender, batch, _in_order(vectors, batch.news))


def _title(recommender: Recommender) -> TextEncoder:
    return dict(recommender.news.text_encoders())["title"]


def _in_order(vectors_UD: Tensor, news: NewsBatch) -> Tensor:
    places = torch.cat([bucket.places_B for bucket in news.buckets["title"]])
    return vectors_UD[torch.argsort(places)]


def _scored(recommender: Recommender, batch: Batch, news_UD: Tensor) -> Tensor:
    return recommender.scores(
        news_UD, batch.history_BH, batch.mask_BH, batch.candidates_BC, batch.readers_B
    )


if __name__ == "__main__":
    main()

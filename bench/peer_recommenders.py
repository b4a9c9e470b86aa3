"""How fast Microsoft's ``recommenders`` trains its own NRMS on a folder in MIND's format.

It needs an environment of its own, made from the repository's root by

    python3.11 -m venv /tmp/peer && /tmp/peer/bin/pip install 'tensorflow-cpu<2.16' 'numpy<2' \
        scikit-learn tqdm pyyaml requests retrying
    /tmp/peer/bin/pip install --no-deps recommenders==1.2.1

and then ``/tmp/peer/bin/python -m bench.peer_recommenders --data FOLDER`` prints one JSON object;
whatever TensorFlow has to say goes to stderr.

An impression is one row the package trains on: a clicked article, four that were not, and the
history. The clock covers what the package's ``fit`` repeats, making a batch and training on it.
"""

import argparse
import json
import os
import pickle
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
from recommenders.models.newsrec.io.mind_iterator import MINDIterator
from recommenders.models.newsrec.models.nrms import NRMSModel
from recommenders.models.newsrec.newsrec_utils import prepare_hparams, word_tokenize

from bench import machine

# The package's nrms.yaml for MIND, but for the three files and the batch size.
NRMS = {
    "model_type": "nrms",
    "data_format": "news",
    "support_quick_scoring": True,
    "title_size": 30,
    "his_size": 50,
    "npratio": 4,
    "head_num": 20,
    "head_dim": 20,
    "attention_hidden_dim": 200,
    "dropout": 0.2,
    "learning_rate": 1e-4,
    "optimizer": "adam",
    "loss": "cross_entropy_loss",
}
DIMENSIONS = 300

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class Training:
    """What was trained under the clock, in how long; the losses are of the very first batch,
    warm-up included, and of the last.
    """

    batches: list[Batch]
    seconds: float
    loss_first: float
    loss_last: float


def main() -> None:
    """Measure, and print one JSON object."""
    asked = _arguments()
    answer = _stdout_for_the_answer_only()
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(asked, Path(folder))
    with os.fdopen(answer, "w") as out:
        print(json.dumps(measured), file=out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder in MIND's format")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=5, help="steps before the clock starts")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--embedding", type=Path, help=".npy, a row a word; row 0 is padding")
    parser.add_argument("--words", type=Path, help=".json, each word's row in --embedding")
    asked = parser.parse_args()
    if (asked.embedding is None) != (asked.words is None):
        parser.error("--embedding and --words go together")
    if min(asked.batch_size, asked.steps, asked.warm_up) < 1:
        parser.error("--batch-size, --steps and --warm-up are at least 1")
    return asked


def _stdout_for_the_answer_only() -> int:
    """The true stdout; from here on, whatever else is written to stdout goes to stderr."""
    answer = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answer


def _measure(asked: argparse.Namespace, folder: Path) -> dict[str, object]:
    model = _model(asked, folder)
    training = _train(model, asked)
    return {
        "package": "recommenders",
        "version": version("recommenders"),
        "tensorflow": version("tensorflow-cpu"),
        "machine": machine.describe(),
        "threads": len(os.sched_getaffinity(0)),  # TensorFlow's default: one a core
        "batch_size": asked.batch_size,
        "steps": asked.steps,
        **_speed(training),
        "loss_first": training.loss_first,
        "loss_last": training.loss_last,
        "embedding_rows": len(model.word2vec_embedding),
        **_contents(training.batches),
    }


def _model(asked: argparse.Namespace, folder: Path) -> NRMSModel:
    if asked.words is None:
        words = _words(asked.data)
        embedding = _random_embedding(len(words), asked.seed)
    else:
        words = json.loads(asked.words.read_text(encoding="utf-8"))
        embedding = np.load(asked.embedding).astype(np.float32)
    files = _inputs(folder, words, embedding, _users(asked.data))
    hparams = prepare_hparams(
        **NRMS, **files, batch_size=asked.batch_size, word_emb_dim=embedding.shape[1]
    )
    random.seed(asked.seed)  # the package draws negatives from it and does not seed it
    return NRMSModel(hparams, MINDIterator, seed=asked.seed)


def _words(data: Path) -> dict[str, int]:
    """Every word of the titles, by the package's own tokens, numbered from 1."""
    titles = [fields[3] for fields in _fields(data / "news.tsv")]
    distinct = dict.fromkeys(word for title in titles for word in word_tokenize(title))
    return {word: row for row, word in enumerate(distinct, start=1)}


def _users(data: Path) -> dict[str, int]:
    users = dict.fromkeys(fields[1] for fields in _fields(data / "behaviors.tsv"))
    return {user: row for row, user in enumerate(users, start=1)}


def _fields(table: Path) -> list[list[str]]:
    lines = table.read_text(encoding="utf-8").split("\n")
    return [line.split("\t") for line in lines if line]


def _random_embedding(words: int, seed: int) -> np.ndarray:
    embedding = np.random.default_rng(seed).standard_normal((words + 1, DIMENSIONS), np.float32)
    embedding[0] = 0
    return embedding


def _inputs(
    folder: Path, words: dict[str, int], embedding: np.ndarray, users: dict[str, int]
) -> dict[str, str]:
    """The three files the package reads, under the names its settings give them."""
    files = {
        "wordDict_file": folder / "word_dict.pkl",
        "userDict_file": folder / "uid2index.pkl",
        "wordEmb_file": folder / "embedding.npy",
    }
    files["wordDict_file"].write_bytes(pickle.dumps(words))
    files["userDict_file"].write_bytes(pickle.dumps(users))
    np.save(files["wordEmb_file"], embedding)
    return {name: str(file) for name, file in files.items()}


def _train(model: NRMSModel, asked: argparse.Namespace) -> Training:
    batches = _batches(model.train_iterator, asked.data)
    warm_up = [model.train(batch) for batch in islice(batches, asked.warm_up)]
    trained, losses = [], []
    started = time.perf_counter()
    for batch in islice(batches, asked.steps):
        losses.append(model.train(batch))
        trained.append(batch)
    seconds = time.perf_counter() - started
    return Training(trained, seconds, float(warm_up[0]), float(losses[-1]))


def _batches(iterator: MINDIterator, data: Path) -> Iterator[Batch]:
    """Epoch after epoch, without end."""
    while True:
        yield from iterator.load_data_from_file(str(data / "news.tsv"), str(data / "behaviors.tsv"))


def _speed(training: Training) -> dict[str, float]:
    impressions = sum(len(batch["labels"]) for batch in training.batches)
    return {
        "impressions": impressions,
        "seconds": round(training.seconds, 3),
        "impressions_per_second": round(impressions / training.seconds, 2),
    }


def _contents(batches: list[Batch]) -> dict[str, float]:
    """Means over what was trained on: how much of the fixed shapes is not padding."""
    candidates = np.concatenate([batch["candidate_title_batch"] for batch in batches])
    histories = np.concatenate([batch["clicked_title_batch"] for batch in batches])
    words_in_candidate, words_in_click = (candidates > 0).sum(-1), (histories > 0).sum(-1)
    every_title = np.concatenate([words_in_candidate.ravel(), words_in_click.ravel()])
    return {
        "mean_clicks_in_history": round(float((words_in_click > 0).sum(-1).mean()), 2),
        "mean_candidates": round(float((words_in_candidate > 0).sum(-1).mean()), 2),
        "mean_words_in_title": round(float(every_title[every_title > 0].mean()), 2),
    }


if __name__ == "__main__":
    main()

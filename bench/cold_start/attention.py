"""User encoders that learn over an artefact's news vectors as they are.

Nothing of the news encoder learns: all artefacts that come of one have the same vectors, and differ
in what they make of a reader's clicks alone.

Shapes: N news, D dimensions.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.cold_start.kinds import Kind, artefact_name
from model_store import layout
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader
from model_store.manifest import Attention, Lineage, Manifest
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from model_store.writer import Description, Signature, write_artefact
from training.data.ragged import Int64
from training.data.tokens import TokenTable
from training.encoding import KeptNews, KeptText
from training.evaluation.report import evaluate_scores
from training.evaluation.served import encode_news
from training.examples import ReaderCodes
from training.export.user_graph import TrainedUsers, write_users
from training.loop import Run
from training.models import text
from training.models.build import USERS
from training.models.news import encoder
from training.models.recommender import Recommender
from training.models.users.encoder import OneVector
from training.recipe import Training, Users
from training.recipes import find
from training.run import Logs
from training.scoring import scores_of

Float32 = NDArray[np.float32]
SMALL: Final = Training(learning_rate=3e-4, temperature=0.1, epochs=8)
"""For a small log, as in ``bench.quality``."""
LEARNED: Final[Mapping[str, tuple[Users, Training]]] = {
    "inclined": (Users(kind="inclined"), find("inclined").training),
    "additive": (Users(kind="additive"), SMALL),
}


@dataclass(frozen=True, eq=False)
class Vectors:
    """An artefact's vectors of a log's news, as training takes them."""

    artefact: Artefact
    kept: KeptNews

    @classmethod
    def of(cls, artefact: Artefact, logs: Logs) -> "Vectors":
        """Encoded as the service encodes, and rounded as it stores them."""
        manifest, news = artefact.manifest, logs.training.news
        assert logs.validation is not None
        rows = np.union1d(logs.training.seen(), logs.validation.seen())
        runtime = NewsEncoder(artefact, manifest.best_precision("cpu"))
        vectors_ND = encode_news(runtime, ArticleReader.of(manifest), news, rows)
        return cls(artefact, kept_as_they_are(vectors_ND.astype(np.float32)))


def attentive(shipped: Artefact, logs: Logs, folder: Path, store: Path) -> list[Kind]:
    """The artefact with each user encoder of ``LEARNED``. One that stands there already is not
    trained again.
    """
    held = ModelStore.at(store)
    names = {name: artefact_name(shipped, name) for name in LEARNED}
    missing = [name for name, held_as in names.items() if not held.versions(held_as)]
    if missing:
        vectors = Vectors.of(shipped, logs)
        for name in missing:
            learned(vectors, name, logs, folder / name, store)
    return [
        Kind(name, f"{held_as}@{held.versions(held_as)[-1]}") for name, held_as in names.items()
    ]


def learned(vectors: Vectors, name: str, logs: Logs, folder: Path, store: Path) -> Artefact:
    """Train one of ``LEARNED`` in ``folder``, stopped by the AUC of the logs' validation, and write
    it into the store as the next version of the artefact's name and its own.
    """
    users, settings = LEARNED[name]
    torch.manual_seed(settings.seed)
    dimension = vectors.artefact.manifest.dimension
    module = USERS[users.kind](dimension, users)
    assert isinstance(module, OneVector)
    recommender = Recommender(as_they_are(dimension), module)
    readers = ReaderCodes.of(logs.training)
    run = Run(recommender, settings, logs.training, vectors.kept, readers, folder, name)
    run.train(lambda trained: _auc(trained, vectors.kept, logs, readers, settings.history_length))
    scoring = Attention(history_length=settings.history_length)
    build = partial(_build, vectors.artefact, module.cpu(), logs, scoring)
    return write_artefact(store, artefact_name(vectors.artefact, name), build)


def kept_as_they_are(vectors_ND: Float32) -> KeptNews:
    """A row an item. Of its tokens nothing is read but that there are any."""
    none_N: Int64 = np.zeros(len(vectors_ND), np.int64)
    tokens = TokenTable(np.ones((len(vectors_ND), 1), np.int32), none_N + 1)
    codes = {"category_id": none_N, "subcategory_id": none_N}
    return KeptNews({"title": KeptText(tokens, vectors_ND)}, codes)


def as_they_are(dimension: int) -> encoder.NewsEncoder:
    """A news encoder that gives back what was kept."""
    same = text.TextEncoder(nn.Identity(), None, nn.Identity(), nn.Identity(), dimension)
    return encoder.NewsEncoder({"title": same}, dimension)


def _auc(
    recommender: Recommender, kept: KeptNews, logs: Logs, readers: ReaderCodes, history_length: int
) -> float:
    assert logs.validation is not None
    scores_S = scores_of(recommender, kept, logs.validation, readers, history_length)
    return evaluate_scores(logs.validation, scores_S).estimates["auc"].mean


def _build(
    shipped: Artefact, module: OneVector, logs: Logs, scoring: Attention, staging: Path
) -> tuple[Description, dict[str, Signature]]:
    """The artefact's own files, and the user encoder beside them."""
    manifest = shipped.manifest
    for file in manifest.files:
        shutil.copyfile(shipped.path(file), staging / file)
    signatures = {file: (entry.inputs, entry.outputs) for file, entry in manifest.files.items()}
    signatures[layout.USER_ENCODER] = write_users(TrainedUsers(module), manifest.dimension, staging)
    kept = {name: getattr(manifest, name) for name in Manifest.model_fields}
    for name in ("format_version", "name", "version", "created_at", "files"):
        del kept[name]
    lineage = Lineage(recipe="bench.cold_start", data={logs.names[0]: len(logs.training)})
    return kept | {"lineage": lineage, "scoring": scoring}, signatures

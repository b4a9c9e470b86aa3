"""User encoders over an artefact's vectors: the vectors stay, and the service scores as torch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.cold_start import attention
from bench.cold_start.attention import as_they_are, attentive, kept_as_they_are
from model_store import layout
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from tests.invented_log import invented_log, invented_news
from training.evaluation.evaluate import evaluate_on
from training.recipe import Training, Users
from training.run import Logs
from training.scoring import vectors_of


def test_the_vectors_are_taken_as_they_are() -> None:
    vectors_ND = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    rows = np.array([5, 1, 3])
    given_ND = vectors_of(as_they_are(4), kept_as_they_are(vectors_ND), rows, torch.device("cpu"))
    assert given_ND[rows].numpy().tolist() == vectors_ND[rows].tolist()
    assert not any(as_they_are(4).parameters())


def test_a_user_encoder_is_trained_once_and_stands_beside_the_same_news_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_epoch = Training(epochs=1, learning_rate=1e-2)
    monkeypatch.setattr(attention, "LEARNED", {"Additive": (Users(kind="additive"), one_epoch)})
    first = invented_log(invented_news(), 48)
    second = invented_log(first.news, 24, day=1, seed=2)
    logs = Logs(first, second, ("invented",))
    shipped, store = ModelStore.at().load(DEFAULT_ARTEFACT), tmp_path / "store"

    (kind,) = attentive(shipped, logs, tmp_path / "runs", store)
    assert kind.name == "Additive"
    assert kind.model == f"{DEFAULT_ARTEFACT}-additive@1"
    artefact = ModelStore.at(store).load(kind.model)
    assert artefact.manifest.scoring.kind == "attention"
    ours, theirs = artefact.manifest.files, shipped.manifest.files
    assert ours.keys() - theirs.keys() == {layout.USER_ENCODER}
    encoder = layout.news_encoder("int8")
    assert ours[encoder].sha256 == theirs[encoder].sha256

    # What is served is what was learned: the file scores as torch did after the epoch.
    lines = (tmp_path / "runs" / "Additive" / "log.jsonl").read_text().splitlines()
    (in_torch,) = [said["validation"] for said in map(json.loads, lines) if "validation" in said]
    served = evaluate_on(artefact, second, "invented").report.estimates["auc"].mean
    assert abs(served - in_torch) < 0.01

    assert attentive(shipped, logs, tmp_path / "runs", store) == [kind]
    assert ModelStore.at(store).versions(f"{DEFAULT_ARTEFACT}-additive") == [1]

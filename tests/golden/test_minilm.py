"""The exported all-MiniLM-L6-v2 against transformers, on real titles."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from transformers import AutoModel, AutoTokenizer

from bench.data import MIND, titles
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.late_fusion import history_vector, scores
from model_store.manifest import INT8_LOW_COSINE, INT8_MEAN_COSINE, Precision
from model_store.news_encoder import NewsEncoder
from model_store.sessions import open_session
from model_store.store import ModelStore
from model_store.tokens import Tokenising, padded
from training.evaluation.evaluate import evaluate_artefact
from training.export.graph import CENTRE, INPUTS
from training.minilm import folder

Float32 = NDArray[np.float32]
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


@pytest.fixture(scope="module")
def artefact(minilm_store: Path) -> Artefact:
    return ModelStore.at(minilm_store).load("news-minilm")


@cache
def by_transformers() -> Float32:
    """200 titles' vectors, one at a time: mean pooling, normalised."""
    model = AutoModel.from_pretrained(folder()).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder())
    _, texts = titles(200)
    with torch.inference_mode():
        vectors = [
            model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0)
            for text in texts
        ]
    return unit(torch.stack(vectors).numpy())


def real_news(count: int) -> list[NewsInputs]:
    return [NewsInputs(title) for title in titles(count)[1]]


def unit(vectors_ND: Float32) -> Float32:
    return vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)


def centre(artefact: Artefact, precision: str) -> Float32:
    graph = onnx.load(artefact.path(f"news_encoder.{precision}.onnx")).graph
    (found,) = (tensor for tensor in graph.initializer if tensor.name == CENTRE)
    return np.asarray(numpy_helper.to_array(found))


def test_fp32_vectors_are_those_of_transformers_centred(artefact: Artefact) -> None:
    expected_ND = unit(by_transformers() - centre(artefact, "fp32"))
    vectors_ND = NewsEncoder(artefact, "fp32").encode(real_news(200))
    assert vectors_ND == pytest.approx(expected_ND, abs=1e-5)


def test_int8_vectors_are_close_to_those_of_transformers(artefact: Artefact) -> None:
    expected_ND = unit(by_transformers() - centre(artefact, "int8"))
    vectors_ND = NewsEncoder(artefact, "int8").encode(real_news(200))
    cosine_N = (vectors_ND * expected_ND).sum(axis=1)
    assert cosine_N.mean() >= INT8_MEAN_COSINE
    assert np.percentile(cosine_N, 0.1) >= INT8_LOW_COSINE


def test_the_service_would_choose_int8_which_takes_a_third_of_the_room(artefact: Artefact) -> None:
    manifest = artefact.manifest
    assert manifest.best_precision("cpu") == "int8"
    sizes = [manifest.files[f"news_encoder.{precision}.onnx"].size for precision in PRECISIONS]
    assert sizes[1] < sizes[0] / 3


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("padding", [0, 1, 17])
def test_padding_and_batch_mates_do_not_change_a_vector(
    artefact: Artefact, precision: Precision, padding: int
) -> None:
    session = open_session(artefact.path(f"news_encoder.{precision}.onnx"))
    texts = Tokenising.of(artefact)(real_news(150))
    for first in range(0, len(texts), 7):
        batch = texts[first : first + 7]
        wider = {name: np.pad(padded(batch)[name], ((0, 0), (0, padding))) for name in INPUTS}
        vectors_BD = session.run(None, wider)[0]
        for row, text in enumerate(batch):
            alone_D = session.run(None, {name: padded([text])[name] for name in INPUTS})[0][0]
            if precision == "fp32":
                assert alone_D == pytest.approx(vectors_BD[row], abs=1e-5)
            assert float(alone_D @ vectors_BD[row]) >= 0.9999


def test_a_reader_of_football_is_shown_football(artefact: Artefact) -> None:
    encoder = NewsEncoder(artefact, artefact.manifest.best_precision("cpu"))
    read = ["Late goal wins the cup final", "Striker signs for rivals", "Penalty row after derby"]
    shown = ["Goalkeeper saves the day in the derby", "Central bank raises rates", "Best soups"]
    vectors_ND = encoder.encode([NewsInputs(title) for title in (*read, *shown)]).astype(np.float16)
    assert scores(vectors_ND[3:], history_vector(vectors_ND[:3])).argmax() == 0


@pytest.mark.slow
@pytest.mark.skipif(not MIND.is_dir(), reason=f"the real log is not here: {MIND}")
def test_int8_ranks_the_real_log_as_well_as_fp32(artefact: Artefact) -> None:
    auc = {
        precision: evaluate_artefact(artefact, MIND / "dev", precision=precision)
        .report.estimates["auc"]
        .mean
        for precision in PRECISIONS
    }
    assert auc["fp32"] > 0.62
    assert auc["int8"] == pytest.approx(auc["fp32"], abs=0.003)

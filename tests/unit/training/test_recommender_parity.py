"""A recommender in torch and the artefact that was made of it score a log alike."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model_store.inputs import ArticleReader
from model_store.news_encoder import NewsEncoder
from model_store.user_encoder import UserEncoder
from model_store.user_models import user_model
from tests.attention_artefacts import ARCHITECTURES, Made, Workshop
from training.data.features import features_of
from training.data.impressions import ImpressionLog
from training.encoding import keep
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import evaluate_scores
from training.evaluation.served import encode_news, score
from training.scoring import scores_of

Float64 = NDArray[np.float64]
LENGTH = 50
EXACT, SERVED = 1e-5, 2e-3
"""How far scores may differ, relative to the largest: in float32, and as float16 is stored."""


@pytest.fixture(params=ARCHITECTURES)
def made(request: pytest.FixtureRequest, workshop: Workshop) -> Made:
    return workshop.make(request.param)


def in_torch(made: Made, log: ImpressionLog, length: int = LENGTH) -> Float64:
    trained = made.trained
    features = features_of(log.news, trained.tokenizer, trained.sources, trained.vocabularies)
    kept = keep(trained.recommender.news, features, log.seen())
    return scores_of(trained.recommender, kept, log, trained.readers, length)


def in_onnx_exactly(made: Made, log: ImpressionLog) -> Float64:
    """By the artefact's files, with nothing rounded on the way."""
    encoder, users = NewsEncoder(made.artefact, "fp32"), UserEncoder(made.artefact)
    reader, rows = ArticleReader.of(made.artefact.manifest), log.seen()
    vectors_ND = np.zeros((len(log.news), encoder.dimension), np.float32)
    vectors_ND[rows] = encoder.encode([reader.read(fields) for fields in log.news.fields(rows)])
    scores = []
    for place, user_id in enumerate(log.users):
        history, candidates = log.history[place], log.candidates[place]
        user_D = np.zeros(encoder.dimension, np.float32)
        if len(history):
            user_D, _ = users.encode(vectors_ND[history], user_id)  # type: ignore[arg-type]
        scores.append(vectors_ND[candidates].astype(np.float64) @ user_D.astype(np.float64))
    return np.concatenate(scores)


def test_the_files_give_torchs_scores_and_metrics(made: Made, workshop: Workshop) -> None:
    log = workshop.later_log
    torch_S, onnx_S = in_torch(made, log), in_onnx_exactly(made, log)
    assert np.abs(onnx_S - torch_S).max() <= EXACT * np.abs(torch_S).max()
    ours, theirs = evaluate_scores(log, onnx_S), evaluate_scores(log, torch_S)
    assert ours.impressions - ours.single_class >= 300
    assert ours.estimates["auc"].standard_error < 0.03
    for name, estimate in theirs.estimates.items():
        assert round(ours.estimates[name].mean, 4) == round(estimate.mean, 4)


def test_what_is_served_differs_by_the_rounding_alone(made: Made, workshop: Workshop) -> None:
    log = workshop.later_log
    torch_S = in_torch(made, log)
    served = evaluate_on(made.artefact, log, "later", "fp32")
    largest = np.abs(torch_S).max()
    assert np.abs(served.scores_S - torch_S).max() <= SERVED * largest
    expected = evaluate_scores(log, torch_S).estimates["auc"]
    assert served.report.estimates["auc"].mean == pytest.approx(expected.mean, abs=1e-3)
    for place in range(len(log)):  # only what all but ties may change places
        shown = slice(*log.candidates.starts[place : place + 2])
        before_CC = np.subtract.outer(torch_S[shown], torch_S[shown])
        after_CC = np.subtract.outer(served.scores_S[shown], served.scores_S[shown])
        assert (after_CC[before_CC > 2 * SERVED * largest] > 0).all()


def test_both_score_by_the_newest_clicks_and_nobody_without_any(
    made: Made, workshop: Workshop
) -> None:
    log = workshop.later_log.take(np.arange(40))
    encoder, reader = NewsEncoder(made.artefact, "fp32"), ArticleReader.of(made.artefact.manifest)
    vectors_ND = encode_news(encoder, reader, log.news, log.seen())
    served_S = score(log, vectors_ND, user_model(made.artefact), 3)
    torch_S = in_torch(made, log, 3)
    assert np.abs(served_S - torch_S).max() <= SERVED * np.abs(torch_S).max()
    assert not np.allclose(torch_S, in_torch(made, log), atol=1e-2)
    empty_S = np.repeat(log.history.lengths == 0, log.candidates.lengths)
    assert empty_S.any()
    assert not served_S[empty_S].any()
    assert not torch_S[empty_S].any()


def test_news_that_nobody_names_are_not_encoded(workshop: Workshop) -> None:
    artefact, news = workshop.make("additive").artefact, workshop.log.news
    rows = np.array([5, 2])
    encoder, reader = NewsEncoder(artefact, "fp32"), ArticleReader.of(artefact.manifest)
    vectors_ND = encode_news(encoder, reader, news, rows)
    assert vectors_ND.dtype == np.float16
    assert np.flatnonzero(vectors_ND.any(axis=1)).tolist() == [2, 5]
    alone_ND = encoder.encode([reader.read(fields) for fields in news.fields(rows)])
    assert np.array_equal(vectors_ND[rows], alone_ND.astype(np.float16))

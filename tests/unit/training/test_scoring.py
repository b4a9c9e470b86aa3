"""A log's scores are those of each impression alone."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.training.conftest import Prepared, prepare, titled_log
from training import scoring
from training.data.impressions import ImpressionLog
from training.examples import ReaderCodes
from training.recipe import Recipe
from training.scoring import Float64, scores_of, vectors_of

LENGTH = 4
USERS = ["nrms", "additive", "lstur_ini", "lstur_con", "mean", "recency", "max"]
LOG = titled_log(impressions=25)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "IMPRESSIONS", 4)
    monkeypatch.setattr(scoring, "CHUNK", 5)


@pytest.fixture(params=USERS)
def prepared(request: pytest.FixtureRequest) -> Prepared:
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "source": "a test",
            "text": {
                "encoder": {"kind": "words", "dimension": 12},
                "dimension": 16,
                "max_tokens": 10,
            },
            "users": {"kind": request.param, "heads": 4},
        }
    )
    ready = prepare(recipe, LOG)
    if ready.recommender.long_term is not None:
        nn.init.normal_(ready.recommender.long_term.weight[1:])
    return ready


def scored(prepared: Prepared, log: ImpressionLog) -> list[Float64]:
    """Each impression's scores."""
    model, kept, readers = prepared.recommender, prepared.kept, prepared.readers
    scores_S = scores_of(model, kept, log, readers, LENGTH)
    return np.split(scores_S, log.candidates.starts[1:-1])


@torch.no_grad()
def alone(prepared: Prepared, place: int) -> list[float]:
    """One impression's scores, with a text at a time through the news encoder."""
    if not len(LOG.history[place]):
        return [0.0] * len(LOG.candidates[place])
    model, table = prepared.recommender.eval(), prepared.features.texts["title"]
    rows = [*LOG.history[place].tolist()[-LENGTH:], *LOG.candidates[place].tolist()]
    given = [[torch.from_numpy(part) for part in table.batch(np.array([row]))] for row in rows]
    vectors_XD = torch.cat([model.news(*one) for one in given])
    history_1HD = vectors_XD[None, : -len(LOG.candidates[place])]
    candidates_1CD = vectors_XD[None, history_1HD.shape[1] :]
    reader = torch.from_numpy(prepared.readers.codes([LOG.users[place]]))
    scores_1C = model.users.scores(
        candidates_1CD, history_1HD, torch.ones(history_1HD.shape[:2]), model.long_term_of(reader)
    )
    found: list[float] = scores_1C[0].tolist()
    return found


def test_scores_are_those_of_each_impression_alone(prepared: Prepared) -> None:
    prepared.recommender.train()  # scoring drops nothing out and hides nobody
    for place, scores_C in enumerate(scored(prepared, LOG)):
        assert scores_C == pytest.approx(alone(prepared, place), abs=1e-5)


def test_a_score_hangs_on_no_other_impression(prepared: Prepared) -> None:
    together = scored(prepared, LOG)
    chosen = np.array([9, 3, 20])
    for place, scores_C in zip(chosen, scored(prepared, LOG.take(chosen)), strict=True):
        assert scores_C == pytest.approx(together[place], abs=1e-6)


def test_candidates_of_a_reader_without_clicks_tie_at_zero(prepared: Prepared) -> None:
    empty = np.flatnonzero(LOG.history.lengths == 0)
    assert len(empty) > 1
    for scores_C in (scored(prepared, LOG)[place] for place in empty):
        assert scores_C.tolist() == [0] * len(scores_C)


def test_a_stranger_is_scored_by_the_clicks_alone(prepared: Prepared) -> None:
    strangers = Prepared(
        prepared.recommender, prepared.features, prepared.kept, ReaderCodes(["nobody"])
    )
    model = prepared.recommender
    if model.long_term is not None:
        nn.init.zeros_(model.long_term.weight)
    for of_known, of_strangers in zip(scored(prepared, LOG), scored(strangers, LOG), strict=True):
        assert of_strangers == pytest.approx(of_known, abs=1e-6)


def test_news_that_nobody_asked_for_have_no_vector(prepared: Prepared) -> None:
    rows = np.array([2, 5, 7])
    vectors_ND = vectors_of(prepared.recommender.news, prepared.kept, rows, CPU)
    assert vectors_ND.shape == (len(LOG.news), 16)
    assert np.flatnonzero(vectors_ND.abs().sum(dim=1).numpy()).tolist() == rows.tolist()


def test_an_empty_log_has_no_scores(prepared: Prepared) -> None:
    nothing = LOG.take(np.empty(0, np.int64))
    model, kept, readers = prepared.recommender, prepared.kept, prepared.readers
    assert scores_of(model, kept, nothing, readers, LENGTH).shape == (0,)

"""The cold-start experiment on a real service, with invented news and readers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.cold_start import service
from bench.cold_start.experiment import POLICY, fill, measured
from bench.cold_start.kinds import Kind, fused
from bench.cold_start.readers import with_clicks
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from newsstand_client import Newsstand
from tests.integration.service_process import ServiceProcess
from tests.invented_log import invented_log, invented_news
from training.data.impressions import ImpressionLog
from training.evaluation.evaluate import evaluate_on

CLICKS = (0, 1, 4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cold-start") / "store"


@pytest.fixture(scope="module")
def kinds(store: Path) -> list[Kind]:
    """The mean and the maximum over the encoder that ships."""
    mean, _, highest = fused(ModelStore.at().load(DEFAULT_ARTEFACT), store)
    return [mean, highest]


@pytest.fixture(scope="module")
def address(
    store: Path, kinds: list[Kind], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cold-start-service")
    with ServiceProcess("--data-dir", str(folder), "--model-store", str(store)) as running:
        yield str(running.client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def newsstand(address: str) -> Iterator[Newsstand]:
    with Newsstand(address) as client:
        yield client


def cut(log: ImpressionLog, clicks: int) -> ImpressionLog:
    return replace(log, history=log.history.last(clicks))


def test_a_reader_of_few_clicks_is_served_as_the_offline_evaluation_scores_them(
    newsstand: Newsstand,
    address: str,
    store: Path,
    kinds: list[Kind],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    news = invented_news()
    before = invented_log(news, 60)
    log = with_clicks(invented_log(news, 40, day=1, seed=2), max(CLICKS), 8)
    told = fill(newsstand, log, before, CLICKS)
    service.until_counted(address)
    assert told["clicks of the readers"] == len(log) * sum(CLICKS)

    # A reader without clicks is given what was read most in the days before.
    nobody_S = service.scores(newsstand, log, 0, service.recommended)
    hottest = newsstand.trending(limit=1).items[0].article_id
    clicked = [before.news.ids[row] for row in before.clicks.values]
    assert hottest in clicked
    never_S = ~np.isin(log.candidates.values, before.clicks.values)
    assert nobody_S[never_S].max() < nobody_S[~never_S].min()

    # A list longer than a filter is asked for in pieces, and is the same.
    monkeypatch.setattr(service, "MOST_SOURCES", 3)
    pieces_S = service.scores(newsstand, log, 0, service.recommended)
    np.testing.assert_allclose(pieces_S, nobody_S, atol=1e-4)

    curves = measured(newsstand, log, CLICKS, kinds)
    assert {name: list(curve) for name, curve in curves.items()} == {
        POLICY: [0, 1, 4],
        kinds[0].name: [1, 4],
        kinds[1].name: [1, 4],
    }
    for kind in kinds:
        artefact = ModelStore.at(store).load(kind.model)
        for clicks, report in curves[kind.name].items():
            offline = evaluate_on(artefact, cut(log, clicks), "invented").report
            for metric, values_I in report.values.items():
                assert values_I.tolist() == offline.values[metric].tolist()

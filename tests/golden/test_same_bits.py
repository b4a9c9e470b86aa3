"""A text's vector is the same to the last bit, whatever it is encoded with."""

import random
from pathlib import Path

import numpy as np
import pytest

from bench.data import titles
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from service.sample import sample

COMPANIES = pytest.mark.parametrize(("company", "threads"), [(1, 1), (1, 2), (7, 2), (150, 1)])
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


@pytest.mark.parametrize("precision", PRECISIONS)
@COMPANIES
def test_a_vector_does_not_depend_on_its_company(
    minilm_store: Path, precision: Precision, company: int, threads: int
) -> None:
    artefact = ModelStore.at(minilm_store).load("news-minilm")
    apart_as_together(artefact, precision, titles(300)[1], company, threads)


@COMPANIES
def test_no_more_does_one_of_the_encoder_that_ships_in_any_language(
    company: int, threads: int
) -> None:
    artefact = ModelStore.at().load(DEFAULT_ARTEFACT)
    precision = artefact.manifest.best_precision("cpu")
    in_many_languages = [article["title"] for article in sample("articles")]
    apart_as_together(artefact, precision, in_many_languages, company, threads)


def apart_as_together(
    artefact: Artefact, precision: Precision, texts: list[str], company: int, threads: int
) -> None:
    news = [NewsInputs(text) for text in texts]
    together_ND = NewsEncoder(artefact, precision, threads=2).encode(news)
    shuffled = random.Random(3).sample(range(len(news)), len(news))
    encoder = NewsEncoder(artefact, precision, threads=threads)
    for first in range(0, len(shuffled), company):
        rows = shuffled[first : first + company]
        apart = encoder.encode([news[row] for row in rows])
        assert np.array_equal(apart, together_ND[rows])

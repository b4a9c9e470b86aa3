"""A text's vector is the same to the last bit, whatever it is encoded with."""

import random
from pathlib import Path

import numpy as np
import pytest

from bench.data import titles
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize(("company", "threads"), [(1, 1), (1, 2), (7, 2), (150, 1)])
def test_a_vector_does_not_depend_on_its_company(
    minilm_store: Path, precision: str, company: int, threads: int
) -> None:
    artefact = ModelStore.at(minilm_store).load("news-minilm")
    news = [NewsInputs(title) for title in titles(300)[1]]
    together_ND = NewsEncoder(artefact, precision, threads=2).encode(news)
    shuffled = random.Random(3).sample(range(len(news)), len(news))
    encoder = NewsEncoder(artefact, precision, threads=threads)
    for first in range(0, len(shuffled), company):
        rows = shuffled[first : first + company]
        apart = encoder.encode([news[row] for row in rows])
        assert np.array_equal(apart, together_ND[rows])

"""What an encoder on a GPU does beside the GPU: few shapes, kept memory, copies thrown away.

Run on a CPU, whose memory is bound in the same way; the vectors are those of exact batches.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.data import titles
from model_store.artefact import Artefact
from model_store.batching import Buckets
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from tests.attention_artefacts import Workshop
from tests.unit.model_store.test_news_views import news_of

CLOSE = 1e-5
Float32 = NDArray[np.float32]


def bucketed(artefact: Artefact, **sizes: object) -> NewsEncoder:
    of_artefact = Buckets.of(artefact.manifest)
    buckets = Buckets(of_artefact.text, of_artefact.abstract, **sizes)  # type: ignore[arg-type]
    return NewsEncoder(artefact, "fp32", threads=1, buckets=buckets)


@pytest.mark.parametrize("architecture", ["naml", "lstur", "nrms"])
@pytest.mark.parametrize("company", [1, 2, 7, 90])
def test_vectors_are_those_of_exact_batches_in_any_company(
    workshop: Workshop, architecture: str, company: int
) -> None:
    artefact, news = workshop.make(architecture).artefact, news_of(workshop, architecture)
    exact_ND = NewsEncoder(artefact, "fp32", threads=1).encode(news)
    encoder = bucketed(artefact)
    shuffled = Random(company).sample(range(len(news)), len(news))
    for first in range(0, len(shuffled), company):
        rows = shuffled[first : first + company]
        vectors_ND = encoder.encode([news[row] for row in rows])
        assert vectors_ND == pytest.approx(exact_ND[rows], abs=CLOSE)


def test_a_transformers_vectors_are_those_of_exact_batches(minilm_store: Path) -> None:
    artefact = ModelStore.at(minilm_store).load("news-minilm")
    news = [NewsInputs(title) for title in titles(300)[1]]
    exact_ND = NewsEncoder(artefact, "fp32").encode(news)
    encoder = bucketed(artefact, sizes=(1, 8, 32))
    together_ND = encoder.encode(news)
    assert together_ND == pytest.approx(exact_ND, abs=CLOSE)
    alone_ND = np.concatenate([encoder.encode([item]) for item in news[:40]])
    assert alone_ND == pytest.approx(together_ND[:40], abs=CLOSE)


def test_a_batchs_vectors_outlive_the_next_batch(workshop: Workshop) -> None:
    artefact, news = workshop.make("nrms").artefact, news_of(workshop, "nrms")
    encoder = bucketed(artefact)
    first_ND = encoder.encode(news[:1])
    kept_ND = first_ND.copy()
    assert not np.array_equal(encoder.encode(news[1:2]), kept_ND)
    assert np.array_equal(first_ND, kept_ND)


def test_threads_share_an_encoder(workshop: Workshop) -> None:
    artefact, news = workshop.make("nrms").artefact, news_of(workshop, "nrms")
    encoder = bucketed(artefact)
    expected = [encoder.encode([item]) for item in news]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda item: encoder.encode([item]), news))
    assert np.array_equal(np.concatenate(found), np.concatenate(expected))


@pytest.mark.parametrize("architecture", ["naml", "nrms"])
def test_every_shape_can_be_run_before_the_first_request(
    workshop: Workshop, architecture: str
) -> None:
    artefact = workshop.make(architecture).artefact
    for encoder in (bucketed(artefact, sizes=(1, 8)), NewsEncoder(artefact, "fp32", threads=1)):
        batches = list(encoder.blanks())
        for blank in batches:
            assert encoder.run(blank).shape == (len(blank), encoder.dimension)
        seen = {(len(blank), encoder.shape(blank[0])) for blank in batches}
        assert len(seen) == len(batches)

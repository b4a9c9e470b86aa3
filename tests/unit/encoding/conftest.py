"""A tiny artefact, its news, and what the engine must make of them."""

import numpy as np
import pytest

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from service.ports import Vectors
from tests.attention_artefacts import Workshop
from tests.unit.model_store.test_news_views import news_of


@pytest.fixture
def artefact(workshop: Workshop) -> Artefact:
    """That of a small recommender."""
    return workshop.make("nrms").artefact


@pytest.fixture
def news(workshop: Workshop) -> list[NewsInputs]:
    """Distinct news of many lengths."""
    return list(dict.fromkeys(news_of(workshop, "nrms")))


@pytest.fixture
def vectors_of_news(artefact: Artefact, news: list[NewsInputs]) -> Vectors:
    """Its vectors (N×D)."""
    vectors_ND: Vectors = NewsEncoder(artefact, "fp32", threads=1).encode(news).astype(np.float16)
    return vectors_ND

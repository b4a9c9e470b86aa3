"""A coming model and texts that it cannot encode: one is left out, but not all of them."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from time import time

import pytest

from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.tokens import NewsTokens
from service.composition import assembled, load_artefact, newsstand_under
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.encoding.engine import Engine
from service.errors import EncodingFailed
from service.models.reencode import reencode
from service.pipeline.ingest import ingest
from service.pipeline.stages import Stages
from service.settings import Settings
from tests.attention_artefacts import Workshop
from tests.unit.encoding.gated import TOO_HIGH

TITLES = ("The night train stays closed", "A small fund votes", "Two brothers wait")
IDS = [ArticleId(f"a{number}") for number in range(len(TITLES))]


def refusing(texts: Collection[str]) -> type[NewsEncoder]:
    """An encoder whose ONNX Runtime refuses these texts: their token is in no vocabulary."""

    class Refusing(NewsEncoder):
        def tokens(self, news: Sequence[NewsInputs]) -> list[NewsTokens]:
            bad = NewsTokens([TOO_HIGH], (), 0, 0)
            found = super().tokens(news)
            return [bad if i.text in texts else t for i, t in zip(news, found, strict=True)]

    return Refusing


async def encoded_under_another(
    workshop: Workshop, data: Path, faulty: Collection[str]
) -> set[str]:
    """Which of the articles have a vector under a model that cannot encode the faulty ones."""
    for name in ("additive", "nrms"):
        workshop.make(name)
    settings = Settings(data_dir=data, model_store=workshop.store)
    async with AsyncExitStack() as stack:
        parts = await assembled(settings, stack, time)
        newsstand = await newsstand_under(load_artefact(settings, "additive"), parts)
        articles = [(a, Article(title=title)) for a, title in zip(IDS, TITLES, strict=True)]
        assert await ingest(newsstand, articles, Stages()) == ["created"] * len(TITLES)

        engine = Engine("cpu", 1, opens=refusing(faulty))
        stack.callback(engine.close)
        other = replace(parts, encoders=engine)
        coming = await newsstand_under(load_artefact(settings, "nrms"), other)

        async def told(done: int, total: int) -> bool:
            assert done <= total == len(TITLES)
            return True

        assert await reencode(coming, told)
        return set(await coming.articles.vectors(IDS))


def test_one_text_that_cannot_be_encoded_is_left_out(workshop: Workshop, tmp_path: Path) -> None:
    found = asyncio.run(encoded_under_another(workshop, tmp_path, TITLES[:1]))
    assert found == set(IDS[1:])


def test_a_model_that_encodes_nothing_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(EncodingFailed):
        asyncio.run(encoded_under_another(workshop, tmp_path, TITLES))

"""An article of several views has one vector, whatever it is encoded with."""

from random import Random

import numpy as np
import pytest

from model_store.inputs import ArticleReader, NewsInputs
from model_store.manifest import Text
from model_store.news_encoder import NewsEncoder
from model_store.tokens import ABSTRACT_STEP, Tokenising
from tests.attention_artefacts import Workshop


def news_of(workshop: Workshop, architecture: str) -> list[NewsInputs]:
    """The invented news, some with other lengths of title and abstract."""
    reader = ArticleReader.of(workshop.make(architecture).artefact.manifest)
    news = [reader.read(fields) for fields in workshop.log.news.fields()]
    random = Random(2)
    return [
        NewsInputs(
            " ".join(item.text.split()[: random.randint(1, 9)]),
            " ".join((item.abstract.split() * 4)[: random.randint(0, 24)]),
            item.category_id,
            item.subcategory_id,
        )
        for item in [*news, *news]
    ]


@pytest.mark.parametrize("architecture", ["naml", "lstur", "nrms"])
@pytest.mark.parametrize("company", [1, 2, 7, 90])
def test_a_vector_is_the_same_to_the_last_bit_in_any_company(
    workshop: Workshop, architecture: str, company: int
) -> None:
    artefact, news = workshop.make(architecture).artefact, news_of(workshop, architecture)
    together_ND = NewsEncoder(artefact, "fp32", threads=2).encode(news)
    encoder = NewsEncoder(artefact, "fp32", threads=1)
    shuffled = Random(company).sample(range(len(news)), len(news))
    for first in range(0, len(shuffled), company):
        rows = shuffled[first : first + company]
        assert np.array_equal(encoder.encode([news[row] for row in rows]), together_ND[rows])


def test_each_view_counts_where_the_encoder_reads_it(workshop: Workshop) -> None:
    whole = NewsInputs("The ferry crews votes for a strike", "The shipyard asks", 1, 1)
    others = {
        "title": NewsInputs("The ferry crews wins", whole.abstract, 1, 1),
        "abstract": NewsInputs(whole.text, "", 1, 1),
        "category": NewsInputs(whole.text, whole.abstract, 2, 1),
        "subcategory": NewsInputs(whole.text, whole.abstract, 1, 0),
    }
    reads = {
        "naml": {"title", "abstract", "category", "subcategory"},
        "lstur": {"title", "category", "subcategory"},
        "nrms": {"title"},
    }
    for architecture, views in reads.items():
        encoder = NewsEncoder(workshop.make(architecture).artefact, "fp32")
        whole_D, *others_ND = encoder.encode([whole, *others.values()])
        changed = {
            name
            for name, other_D in zip(others, others_ND, strict=True)
            if not np.array_equal(whole_D, other_D)
        }
        assert changed == views


def test_an_absent_abstract_has_no_weight(workshop: Workshop) -> None:
    """It is not the same as an abstract of nothing known, and its padding is never seen."""
    encoder = NewsEncoder(workshop.make("naml").artefact, "fp32")
    title = "The ferry crews"
    absent_D, unknown_D, long_D = encoder.encode(
        [NewsInputs(title), NewsInputs(title, "zzz"), NewsInputs(title, "zzz " * 40)]
    )
    assert np.isfinite([absent_D, unknown_D, long_D]).all()
    assert not np.allclose(absent_D, unknown_D)
    assert not np.allclose(unknown_D, long_D)


def test_a_model_of_titles_has_no_abstracts_tokens(workshop: Workshop) -> None:
    news = [NewsInputs("The ferry crews", "The shipyard asks for shorter nights")]
    (by_title,) = Tokenising.of(workshop.make("nrms").artefact)(news)
    (by_views,) = Tokenising.of(workshop.make("naml").artefact)(news)
    assert (by_title.ids, by_title.abstract_ids) == (by_views.ids, ())
    assert len(by_views.abstract_ids) == 8
    assert by_views.shape == (5, ABSTRACT_STEP)


def test_each_text_is_cut_at_its_own_length(workshop: Workshop) -> None:
    artefact = workshop.make("naml").artefact
    assert artefact.manifest.text == Text(template="{title}", max_tokens=16)
    assert artefact.manifest.abstract == Text(template="{abstract}", max_tokens=20)
    (tokens,) = Tokenising.of(artefact)([NewsInputs("ferry " * 99, "bank " * 99)])
    assert (len(tokens.ids), len(tokens.abstract_ids)) == (16, 20)


def test_the_vocabularies_are_those_of_the_training_news(workshop: Workshop) -> None:
    for architecture, read in (("naml", True), ("lstur", True), ("nrms", False)):
        manifest = workshop.make(architecture).artefact.manifest
        assert manifest.categories == (("food", "money", "sport") if read else ())
        assert len(manifest.subcategories) == (5 if read else 0)

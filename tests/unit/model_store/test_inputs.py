"""What a news encoder is given of an article, and what tells two articles apart."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_store.inputs import DIGEST_BYTES, ArticleReader, NewsInputs
from model_store.manifest import Manifest, Text
from tests.unit.model_store.fake_artefact import write

ARTICLE = {
    "title": " Ferry  crews strike ",
    "abstract": "From Monday on.",
    "category": "work",
    "subcategory": "ships",
}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Reads titles alone."""
    return write(tmp_path).manifest


@pytest.fixture
def with_views(manifest: Manifest) -> Manifest:
    """Reads abstracts and categories too."""
    return manifest.model_copy(
        update={
            "text": Text(template="query: {title}", max_tokens=32),
            "abstract": Text(template="{abstract}", max_tokens=64),
            "categories": ("food", "work"),
            "subcategories": ("ships", "soups"),
        }
    )


def test_an_encoder_of_titles_is_given_the_title_alone(manifest: Manifest) -> None:
    assert ArticleReader.of(manifest).read(ARTICLE) == NewsInputs("Ferry crews strike")


def test_an_encoder_with_views_is_given_each_of_them(with_views: Manifest) -> None:
    given = ArticleReader.of(with_views).read(ARTICLE)
    assert given == NewsInputs("query: Ferry crews strike", "From Monday on.", 2, 1)


@pytest.mark.parametrize("abstract", [None, "", " \n "])
def test_an_abstract_that_is_empty_is_absent(with_views: Manifest, abstract: str | None) -> None:
    reader = ArticleReader.of(with_views)
    without = {name: value for name, value in ARTICLE.items() if name != "abstract"}
    assert reader.read(without | {"abstract": abstract}) == reader.read(without)
    assert reader.read(without).abstract == ""


@pytest.mark.parametrize("label", [None, "", "Work", "weather", "ships"])
def test_a_category_that_is_not_known_is_0(with_views: Manifest, label: str | None) -> None:
    given = ArticleReader.of(with_views).read(ARTICLE | {"category": label})
    assert (given.category_id, given.subcategory_id) == (0, 1)


def test_fields_that_are_not_there_are_unknown(with_views: Manifest) -> None:
    assert ArticleReader.of(with_views).read({"title": "A"}) == NewsInputs("query: A")


words = st.text(st.sampled_from("ab1\0 "), max_size=4)
ids = st.integers(0, 3)
inputs = st.builds(NewsInputs, words, words, ids, ids)


def test_a_digest_has_its_size() -> None:
    assert len(NewsInputs("A").digest()) == DIGEST_BYTES


@given(inputs, inputs)
@example(NewsInputs("a", "b\0", 1), NewsInputs("a\0b", "", 1))
@example(NewsInputs("a", "", 1), NewsInputs("a\0\x001\x000"))
@example(NewsInputs("a", "", 1), NewsInputs("('a', '', 1, 0)"))
@example(NewsInputs("a", "b"), NewsInputs("a", "b"))
def test_digests_are_equal_where_the_inputs_are(one: NewsInputs, other: NewsInputs) -> None:
    assert (one.digest() == other.digest()) == (one == other)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_alone_is_known_by_its_text_alone(text: str) -> None:
    expected = hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()
    assert NewsInputs(text).digest() == expected

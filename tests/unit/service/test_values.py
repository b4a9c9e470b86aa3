"""Settings, filters and articles as values."""

import pytest

from service.domain.article import Article
from service.domain.filters import Filters
from service.errors import SetupError
from service.settings import Settings


def test_a_contradiction_says_which_filter() -> None:
    filters = Filters(categories=["a"], exclude_categories=["a", "b"])
    assert (
        filters.contradiction()
        == "categories admits nothing that exclude_categories does not exclude"
    )
    assert Filters(languages=["en"], exclude_languages=["de"]).contradiction() is None
    assert Filters().contradiction() is None


def test_settings_name_what_is_wrong() -> None:
    with pytest.raises(SetupError, match="NEWSSTAND_PORT"):
        Settings.of(port=70_000)
    with pytest.raises(SetupError, match="loopback"):
        Settings.of(host="example.org")
    assert Settings.of(host="::1").port == 8000


def test_an_articles_text_fields_are_those_of_the_templates() -> None:
    from model_store.text import FIELDS

    assert tuple(Article(title="x").text_fields()) == FIELDS

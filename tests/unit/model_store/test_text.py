"""Text templates: the one way from an article to what is encoded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.text import FIELDS, render, template_fields

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_a_template_names_its_fields_in_order() -> None:
    assert template_fields("{category}: {title}. {title}") == ("category", "title", "title")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{headline}", "names 'headline'; an article has title, abstract"),
        ("no field", "no field of the article"),
        ("", "no field of the article"),
        ("{title} {", "Single '{'"),
        ("{title}}", "Single '}'"),
        ("{title.upper}", "names 'title.upper'"),
        ("{title[0]}", "names 'title\\[0\\]'"),
        ("{}", "names ''"),
    ],
)
def test_a_template_that_is_none_says_why(template: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        template_fields(template)


@given(st.fixed_dictionaries({}, optional={name: st.none() | WORDS for name in FIELDS}))
def test_a_text_is_the_words_of_its_fields(article: dict[str, str | None]) -> None:
    template = "passage: " + " ".join(f"{{{name}}}" for name in FIELDS)
    text = render(template, article)
    expected = ["passage:"] + [w for name in FIELDS for w in (article.get(name) or "").split()]
    assert text == " ".join(expected)


@given(WORDS)
def test_braces_of_an_article_are_text(title: str) -> None:
    article = {"title": f"{{abstract}} {title} {{", "abstract": "secret"}
    assert render("{title}", article) == " ".join(f"{{abstract}} {title} {{".split())

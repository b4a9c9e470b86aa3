"""From an article's fields to the text that is encoded. Both sides call this, so they agree."""

import string
from collections.abc import Mapping
from typing import Final

FIELDS: Final = ("title", "abstract", "body", "category", "subcategory")
"""What a template may name."""


def template_fields(template: str) -> tuple[str, ...]:
    """The fields that ``template`` names, in order.

    Raises ValueError if the template is malformed or names a field that articles do not have.
    """
    names = tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
    for name in names:
        if name not in FIELDS:
            raise ValueError(f"text template names {name!r}; an article has {', '.join(FIELDS)}")
    if not names:
        raise ValueError("text template names no field of the article")
    return names


def render(template: str, article: Mapping[str, str | None]) -> str:
    """The text of ``article`` under ``template``, runs of white space made one blank.

    A field that the article lacks counts as empty.
    """
    values = {name: article.get(name) or "" for name in template_fields(template)}
    return " ".join(template.format_map(values).split())

"""What there is to recommend, seen from above: counted, and on a map."""

from typing import Annotated

from pydantic import Field

from service.domain.fields import Message

Coordinate = Annotated[float, Field(ge=-1, le=1)]


class LanguageCount(Message):
    """How many live articles are in a language."""

    language: str
    articles: int


class CategoryCount(Message):
    """How many live articles are in a category."""

    category: str
    articles: int


class Overview(Message):
    """The live catalogue in numbers, the largest first; an article may name no language or
    category.
    """

    model: str
    articles: int
    languages: list[LanguageCount]
    categories: list[CategoryCount]
    scenarios: list[str] = Field(description="What may be asked for, `default` first")


class MapArticle(Message):
    """Where an article lies."""

    article_id: str
    title: str
    category: str | None
    language: str | None
    x: Coordinate
    y: Coordinate


class CatalogueMap(Message):
    """Live articles in two dimensions: those on one topic lie together, in whatever language."""

    model: str
    articles: list[MapArticle]
    explained_variance: Annotated[float, Field(ge=0, le=1)] = Field(
        description="The share of the vectors' variance, languages aside, that is linear in x and y"
    )

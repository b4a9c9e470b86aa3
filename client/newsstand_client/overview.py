"""What there is to recommend, seen from above."""

from newsstand_client.message import Answer


class LanguageCount(Answer):
    """How many live articles are in a language."""

    language: str
    articles: int


class CategoryCount(Answer):
    """How many live articles are in a category."""

    category: str
    articles: int


class Overview(Answer):
    """The live catalogue in numbers, the largest first, and the scenarios that may be asked for."""

    model: str
    articles: int
    languages: tuple[LanguageCount, ...]
    categories: tuple[CategoryCount, ...]
    scenarios: tuple[str, ...]


class MapArticle(Answer):
    """Where an article lies: ``x`` and ``y`` from -1 to 1."""

    article_id: str
    title: str
    category: str | None
    language: str | None
    x: float
    y: float


class CatalogueMap(Answer):
    """Live articles in two dimensions: those on one topic lie together."""

    model: str
    articles: tuple[MapArticle, ...]
    explained_variance: float

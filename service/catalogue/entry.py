"""What the catalogue holds of one article, beside its vector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from service.domain.article import Article
from service.domain.fields import ArticleId

ENTITY_NAMES: Final = ("wikidata_id", "WikidataId", "id", "name", "label", "Label")
"""Where an entity says which one it is, the surest first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One live article. Times in seconds since 1970."""

    article_id: ArticleId
    revision: int
    language: str | None
    category: str | None
    source: str | None
    published: float
    expires: float
    author: str | None = None
    title: str = ""
    entities: tuple[str, ...] = ()
    ingested: float = 0.0


def entities_of(article: Article) -> tuple[str, ...]:
    """Which entities the article names, each once, in order, each by its surest name."""
    named = (_name(entity) for entity in article.entities or ())
    return tuple(dict.fromkeys(name for name in named if name))


def _name(entity: Mapping[str, JsonValue]) -> str:
    return next((str(entity[name]) for name in ENTITY_NAMES if entity.get(name)), "")

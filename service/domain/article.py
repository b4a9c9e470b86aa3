"""Articles, as a newsroom sends them and as the service answers them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from service.domain.fields import Id, Incoming, Label, Language, Time
from service.domain.json_field import Attributes, Entities

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000, strict=True),
    Field(json_schema_extra={"pattern": r"\S"}),
]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2_000)]


class Article(Incoming):
    """One article without its id. A missing ``published_at`` means the time of first ingest."""

    title: Title
    abstract: str | None = Field(default=None, max_length=10_000)
    body: str | None = Field(default=None, max_length=200_000)
    category: Label | None = None
    subcategory: Label | None = None
    language: Language | None = None
    source: Label | None = None
    author: Label | None = None
    url: Url | None = None
    image_url: Url | None = None
    published_at: Time | None = None
    expires_at: Time | None = None
    entities: Entities | None = None
    attributes: Attributes | None = None

    def text_fields(self) -> dict[str, str | None]:
        """The fields that a text template may name."""
        return {
            "title": self.title,
            "abstract": self.abstract,
            "body": self.body,
            "category": self.category,
            "subcategory": self.subcategory,
        }


class IdentifiedArticle(Article):
    """One article of a batch, with its id."""

    article_id: Id

    def without_id(self) -> Article:
        """The article alone."""
        fields = {name: value for name, value in self if name in Article.model_fields}
        return Article.model_construct(_fields_set=self.model_fields_set - {"article_id"}, **fields)

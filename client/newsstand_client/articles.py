"""Articles, as a newsroom sends them and as the service answers them."""

from datetime import datetime

from pydantic import AwareDatetime, ConfigDict, JsonValue

from newsstand_client.message import Answer, Sent


class Article(Sent):
    """An article. Without ``published_at`` the time of its first ingest is taken."""

    article_id: str
    title: str
    abstract: str | None = None
    body: str | None = None
    category: str | None = None
    subcategory: str | None = None
    language: str | None = None
    source: str | None = None
    author: str | None = None
    url: str | None = None
    image_url: str | None = None
    published_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    entities: list[dict[str, JsonValue]] | None = None
    attributes: dict[str, JsonValue] | None = None


class StoredArticle(Article):
    """An article as it is stored, with the time of its first ingest."""

    model_config = ConfigDict(extra="ignore")

    ingested_at: datetime


class StoredArticles(Answer):
    """The articles that there are, in the order asked for, and the ids of those that are not."""

    articles: tuple[StoredArticle, ...]
    missing: tuple[str, ...]


class PutArticle(Answer):
    """What became of an article (``created``, ``updated``, ``unchanged``), and the model that
    encoded it.
    """

    article_id: str
    status: str
    model: str

"""Articles: one by one, and in batches."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from service.api.access import READ, WRITE
from service.api.batches import (
    BatchAnswer,
    Refused,
    RejectedItem,
    parse_items,
    rejected,
    request_body,
)
from service.api.openapi import declared
from service.api.parts import (
    ArticleIdInPath,
    BatchPatiencePart,
    MetricsPart,
    NewsstandPart,
    PatiencePart,
    StagesPart,
)
from service.api.strict_json import BatchRoute, StrictRequest, StrictRoute
from service.domain.article import Article, IdentifiedArticle
from service.domain.fields import ArticleId, Id, Incoming, Message, Time
from service.errors import FieldError, Invalid, NotFound, Overloaded, StateLost, Unavailable
from service.pipeline.ingest import ingest, withdraw
from service.ports import StoredArticle, WriteStatus

single = APIRouter(route_class=StrictRoute, tags=["articles"])
batch = APIRouter(route_class=BatchRoute, tags=["articles"])


class ArticleAnswer(Message):
    """What became of an article, and the model that encoded it."""

    article_id: str
    status: WriteStatus
    model: str


class ArticleResult(Message):
    """What became of an article of a batch."""

    article_id: str
    status: WriteStatus


class ArticlesAnswer(BatchAnswer[ArticleResult]):
    """A result for each article, in order. ``accepted`` counts all but the rejected."""


class StoredAnswer(IdentifiedArticle):
    """An article as it is stored, with the time of its first ingest."""

    ingested_at: Time

    @classmethod
    def of(cls, article_id: str, stored: StoredArticle) -> "StoredAnswer":
        """What is said of it; ``published_at`` is the time of ingest where none was given."""
        ingested_at = datetime.fromtimestamp(stored.ingested_at, UTC)
        fields = {"published_at": ingested_at, **stored.article.model_dump(exclude_none=True)}
        return cls(article_id=article_id, ingested_at=ingested_at, **fields)


class ArticlesQuery(Incoming):
    """Which articles."""

    article_ids: Annotated[
        list[Id], Field(min_length=1, max_length=100, description="The callers' own ids")
    ]

    def ids(self) -> list[ArticleId]:
        """Those ids, each once, in their order."""
        return [ArticleId(name) for name in dict.fromkeys(self.article_ids)]


class StoredArticlesAnswer(Message):
    """The articles that there are, in the order of their ids, and the ids of those that are not."""

    articles: list[StoredAnswer]
    missing: list[str]


@single.put(
    "/v1/articles/{article_id:path}",
    response_model=ArticleAnswer,
    responses={201: {"model": ArticleAnswer}, **declared(Unavailable, Overloaded, StateLost)},
    openapi_extra=WRITE,
)
async def put_article(
    article_id: ArticleIdInPath,
    article: Article,
    response: Response,
    newsstand: NewsstandPart,
    stages: StagesPart,
    metrics: MetricsPart,
    patience: PatiencePart,
) -> ArticleAnswer:
    """Insert or replace one article; durable and recommendable here when this answers."""
    (status,) = await ingest(newsstand, [(ArticleId(article_id), article)], stages, patience)
    if status is None:
        raise unencodable()
    metrics.articles_ingested.labels(status).inc()
    response.status_code = 201 if status == "created" else 200
    return ArticleAnswer(article_id=article_id, status=status, model=newsstand.model.reference)


@single.get(
    "/v1/articles/{article_id:path}",
    response_model=StoredAnswer,
    response_model_exclude_none=True,
    responses=declared(NotFound, Unavailable),
    openapi_extra=READ,
)
async def get_article(article_id: ArticleIdInPath, newsstand: NewsstandPart) -> StoredAnswer:
    """One article as it is stored; ``published_at`` is the time of ingest where none was given."""
    (stored,) = await newsstand.articles.get([ArticleId(article_id)])
    if stored is None:
        raise NotFound(f"there is no article {article_id}")
    return StoredAnswer.of(article_id, stored)


@single.get(
    "/v1/articles",
    response_model=StoredArticlesAnswer,
    response_model_exclude_none=True,
    responses=declared(Unavailable),
    openapi_extra=READ,
)
async def get_articles(
    query: Annotated[ArticlesQuery, Query()], newsstand: NewsstandPart
) -> StoredArticlesAnswer:
    """Several articles as they are stored."""
    ids = query.ids()
    found = dict(zip(ids, await newsstand.articles.get(ids), strict=True))
    return StoredArticlesAnswer(
        articles=[StoredAnswer.of(id_, stored) for id_, stored in found.items() if stored],
        missing=[id_ for id_, stored in found.items() if stored is None],
    )


@single.delete(
    "/v1/articles/{article_id:path}",
    status_code=204,
    responses=declared(Unavailable, StateLost),
    openapi_extra=WRITE,
)
async def delete_article(article_id: ArticleIdInPath, newsstand: NewsstandPart) -> None:
    """Withdraw an article, known or not."""
    await withdraw(newsstand, ArticleId(article_id))


@batch.post(
    "/v1/articles",
    response_model=ArticlesAnswer,
    response_model_exclude_none=True,
    responses=declared(Unavailable, Overloaded, StateLost),
    openapi_extra=WRITE | request_body(IdentifiedArticle),
)
async def post_articles(
    request: Request,
    newsstand: NewsstandPart,
    stages: StagesPart,
    metrics: MetricsPart,
    patience: BatchPatiencePart,
) -> ArticlesAnswer:
    """Insert or replace up to 1,000 articles: a JSON array, or one JSON object a line."""
    assert isinstance(request, StrictRequest)
    with stages.stage("parse"):
        items = parse_items(request.media_type(), await request.body(), IdentifiedArticle)
        sound = [item for item in items if isinstance(item, IdentifiedArticle)]
        incoming = [(ArticleId(item.article_id), item.without_id()) for item in sound]
    statuses = iter(await ingest(newsstand, incoming, stages, patience) if incoming else [])
    results: list[ArticleResult | RejectedItem] = []
    for index, item in enumerate(items):
        if isinstance(item, Refused):
            results.append(rejected(index, item))
        elif (status := next(statuses)) is None:
            results.append(rejected(index, Refused(unencodable(), item.article_id)))
        else:
            results.append(ArticleResult(article_id=item.article_id, status=status))
        metrics.articles_ingested.labels(results[-1].status).inc()
    return ArticlesAnswer.of(results)


def unencodable() -> Invalid:
    """What is said of an article whose text breaks the model; the log says how."""
    why = "the model gives no vector for this text"
    return Invalid(why, (FieldError("body", "/title", why),))

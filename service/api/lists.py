"""Lists that are not personal. Filters are repeated query parameters."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.access import READ
from service.api.openapi import declared
from service.api.parts import ArticleIdInPath, NewsstandPart
from service.api.strict_json import StrictRoute
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from service.domain.recommendation import Listing
from service.errors import NotFound
from service.pipeline import listings

router = APIRouter(route_class=StrictRoute, tags=["lists"])


class ListQuery(Filters):
    """How many articles, and which."""

    limit: Annotated[int, Field(ge=1, le=1_000)] = 10

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters.model_construct(**self.model_dump(exclude={"limit"}))


class TrendingQuery(ListQuery):
    """How far back to look."""

    window_hours: Annotated[int, Field(ge=1, le=168)] = 48

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters.model_construct(**self.model_dump(exclude={"limit", "window_hours"}))


ListQueryPart = Annotated[ListQuery, Query()]
TrendingQueryPart = Annotated[TrendingQuery, Query()]


@router.get(
    "/v1/articles/{article_id:path}/similar",
    response_model=Listing,
    responses=declared(NotFound),
    openapi_extra=READ,
)
async def similar(
    article_id: ArticleIdInPath, query: ListQueryPart, newsstand: NewsstandPart
) -> Listing:
    """The live articles nearest to this one."""
    return listings.similar(newsstand, ArticleId(article_id), query.limit, query.filters())


@router.get("/v1/trending", response_model=Listing, openapi_extra=READ)
async def trending(query: TrendingQueryPart, newsstand: NewsstandPart) -> Listing:
    """What is read most now."""
    return listings.trending(newsstand, query.limit, query.filters(), query.window_hours)

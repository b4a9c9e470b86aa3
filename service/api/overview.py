"""What there is to recommend, seen from above."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.access import READ
from service.api.parts import NewsstandPart
from service.api.strict_json import StrictRoute
from service.domain.fields import ArticleId, Incoming
from service.domain.overview import CatalogueMap, Overview
from service.pipeline import overview as seeing

router = APIRouter(route_class=StrictRoute, tags=["overview"])


class MapQuery(Incoming):
    """How much to show, and what in any case."""

    limit: Annotated[int, Field(ge=1, le=5_000)] = 1_000
    include: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9._~:@,-]*$",
            max_length=8_000,
            description="Ids with commas between them: these are shown if they are live",
        ),
    ] = ""

    def included(self) -> list[ArticleId]:
        """Those ids."""
        return [ArticleId(name) for name in self.include.split(",") if name]


@router.get("/v1/overview", response_model=Overview, openapi_extra=READ)
async def get_overview(newsstand: NewsstandPart) -> Overview:
    """What there is: languages, categories, and the scenarios that may be asked for."""
    return seeing.overview(newsstand)


@router.get("/v1/map", response_model=CatalogueMap, openapi_extra=READ)
async def get_map(query: Annotated[MapQuery, Query()], newsstand: NewsstandPart) -> CatalogueMap:
    """Live articles in two dimensions, those on one topic together."""
    return await seeing.catalogue_map(newsstand, query.limit, query.included())

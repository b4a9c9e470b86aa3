"""Experiments: how they stand."""

from fastapi import APIRouter

from service.api.access import ADMIN
from service.api.openapi import declared
from service.api.parts import NewsstandPart
from service.api.strict_json import StrictRoute
from service.errors import Unavailable
from service.pipeline.experiments import ExperimentsReport, report

router = APIRouter(route_class=StrictRoute, tags=["experiments"])


@router.get(
    "/v1/experiments",
    response_model=ExperimentsReport,
    responses=declared(Unavailable),
    openapi_extra=ADMIN,
)
async def experiments(newsstand: NewsstandPart) -> ExperimentsReport:
    """Impressions, clicks and click rates of every variant, and what can be said of them."""
    return await report(newsstand)

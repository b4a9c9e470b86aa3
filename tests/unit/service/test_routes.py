"""Routes: each says which key it asks for, or is open."""

import pytest
from fastapi import APIRouter

from service.api.access import READ
from service.api.strict_json import BodilessRoute


async def answer() -> str:
    return "ok"


def test_a_route_that_names_no_scope_cannot_be_made() -> None:
    router = APIRouter(route_class=BodilessRoute)
    with pytest.raises(ValueError, match="/v1/secret declares no scope"):
        router.get("/v1/secret")(answer)
    router.get("/v1/secret", openapi_extra=READ)(answer)
    router.get("/health/live")(answer)

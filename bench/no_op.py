"""The yardstick of ``bench.recommend``: a POST that does nothing, through the same middleware,
request model, validation and serialisation, with an answer of equal size.
"""

import socket
import sys

import uvicorn
from fastapi import APIRouter, FastAPI

from service.api import problems
from service.api.access import READ, Access
from service.api.metrics.registry import Metrics
from service.api.strict_json import StrictRoute
from service.api.telemetry import Telemetry
from service.domain.recommendation import Item, Recommendation, RecommendRequest
from service.http_connection import HttpConnection

router = APIRouter(route_class=StrictRoute)
ANSWER = Recommendation(
    recommendation_id="0" * 32,
    user_id="r0000000",
    model="news@1",
    scenario="default",
    experiment=None,
    degraded=[],
    items=[
        Item(
            article_id=f"a{place:07d}",
            rank=place,
            score=0.1234567890123456,
            relevance=0.1234567890123456,
            source="personal",
        )
        for place in range(1, 21)
    ],
    next_cursor="0" * 220,
)


@router.post("/v1/recommend", response_model=Recommendation, openapi_extra=READ)
async def no_op(body: RecommendRequest) -> Recommendation:
    """The same answer, whatever is asked."""
    return ANSWER


def main() -> None:
    """Serve on a free port and say which."""
    app, metrics = FastAPI(), Metrics()
    app.add_middleware(Access, doorkeeper=None, refused=metrics.refused)
    app.add_middleware(Telemetry, metrics=metrics)
    problems.install(app)
    app.include_router(router)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"ready on http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=HttpConnection,
        ws="none",
    )
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()

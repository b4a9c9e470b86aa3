"""The application: routes, errors and telemetry around a newsstand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from service.api import (
    articles,
    events,
    experiments,
    lists,
    models,
    openapi,
    operations,
    overview,
    page,
    problems,
    recommendations,
    users,
)
from service.api.access import Access
from service.api.admission import Admission
from service.api.metrics.registry import Metrics
from service.api.parts import State
from service.api.telemetry import Telemetry
from service.background.tasks import Tasks
from service.models.running import Running
from service.tracing.timeline import Tracer

UNTOLD: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}
"""The framework's own telemetry tells what was in a body that is refused. Ours does not."""


def create_app(
    running: Running, tracer: Tracer | None = None, *, with_page: bool = True
) -> FastAPI:
    """The application that serves what is ``running``, and the web page if so wished."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        async with Tasks() as tasks:
            tasks.forever("telling metrics", partial(metrics.follow, running))
            tasks.forever("telling of experiments", partial(metrics.experiments.follow, running))
            yield State(running=running, metrics=metrics)

    app = FastAPI(
        title="Newsstand",
        summary=openapi.SUMMARY,
        version=metadata.version("newsstand"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=openapi.operation_id,
        lifespan=lifespan,
        telemetry=UNTOLD,
    )
    app.add_middleware(Admission)
    app.add_middleware(Access, doorkeeper=running.doorkeeper, refused=metrics.refused)
    app.add_middleware(Telemetry, metrics=metrics, tracer=tracer)
    problems.install(app)
    openapi.install(app)
    for router in (
        recommendations.router,
        events.router,
        lists.router,
        overview.router,
        articles.batch,
        articles.single,
        users.router,
        experiments.router,
        models.router,
        models.wishes,
        operations.router,
    ):
        app.include_router(router)
    if with_page:
        app.include_router(page.router())
    return app

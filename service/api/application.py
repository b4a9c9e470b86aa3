"""The application: routes, errors and telemetry around a newsstand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI

from service.api import (
    articles,
    events,
    experiments,
    lists,
    operations,
    problems,
    recommendations,
    users,
)
from service.api.parts import State
from service.api.telemetry import Metrics, Telemetry
from service.pipeline.newsstand import Newsstand


def create_app(newsstand: Newsstand) -> FastAPI:
    """The application that serves ``newsstand``."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        yield State(newsstand=newsstand, metrics=metrics)

    app = FastAPI(title="Newsstand", version=metadata.version("newsstand"), lifespan=lifespan)
    app.add_middleware(Telemetry, metrics=metrics)
    problems.install(app)
    for router in (
        recommendations.router,
        events.router,
        lists.router,
        articles.batch,
        articles.single,
        users.router,
        experiments.router,
        operations.router,
    ):
        app.include_router(router)
    return app

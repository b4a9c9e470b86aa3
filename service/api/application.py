"""The application: routes, errors and telemetry around a newsstand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI

from service.api import (
    articles,
    events,
    experiments,
    lists,
    models,
    operations,
    problems,
    recommendations,
    users,
)
from service.api.admission import Admission
from service.api.parts import State
from service.api.telemetry import Metrics, Telemetry
from service.models.running import Running


def create_app(running: Running) -> FastAPI:
    """The application that serves what is ``running``."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        figures = metrics.encoding.follow(lambda: running.newsstand.encoding())
        models = metrics.models.follow(
            lambda: running.switching.roster, lambda: running.editions.active_model
        )
        following = [asyncio.create_task(work) for work in (figures, models)]
        yield State(running=running, metrics=metrics)
        for task in following:
            task.cancel()

    app = FastAPI(title="Newsstand", version=metadata.version("newsstand"), lifespan=lifespan)
    app.add_middleware(Admission)
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
        models.router,
        models.wishes,
        operations.router,
    ):
        app.include_router(router)
    return app

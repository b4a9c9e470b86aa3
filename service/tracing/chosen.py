"""The tracer that the settings ask for, if they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.errors import SetupError
from service.settings import Settings
from service.tracing.timeline import Tracer


@asynccontextmanager
async def tracing(settings: Settings) -> AsyncIterator[Tracer | None]:
    """A tracer for as long as the block runs; None, and nothing is imported, where no address is
    set. Raises SetupError where the extra is missing.
    """
    if settings.otlp_endpoint is None:
        yield None
        return
    tracer = _tracer(settings.otlp_endpoint)
    try:
        yield tracer
    finally:
        await asyncio.to_thread(tracer.close)


def _tracer(endpoint: str) -> Tracer:
    try:
        from service.tracing.otlp import OtlpTracer
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise SetupError(
            "NEWSSTAND_OTLP_ENDPOINT is set, and OpenTelemetry is not installed; "
            "pip install 'newsstand[tracing]' brings it"
        ) from error
    return OtlpTracer(endpoint)

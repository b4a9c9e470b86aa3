"""Around every request: its id, timing, metrics and trace, and what happens to a defect."""

import logging
import re
import time
import uuid
from functools import cache
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import logs
from service.api.access_log import AccessLog
from service.api.metrics.registry import Metrics
from service.api.problems import unexpected
from service.domain.fields import ID_PATTERN
from service.pipeline.stages import Stages
from service.tracing import timeline
from service.tracing.timeline import Trace, Tracer

METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""As a client may call them: any other is told as one."""
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
_REQUEST_ID: Final = re.compile(ID_PATTERN)
_log = logging.getLogger(__name__)


class Telemetry:
    """ASGI middleware. Without a ``tracer`` nothing is traced."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: Tracer | None = None) -> None:
        self._app, self._metrics, self._tracer = app, metrics, tracer
        self._access_log = AccessLog()
        # To look labels up again and again costs more than to count.
        self._answered = cache(metrics.requests.labels)
        self._took = cache(metrics.seconds.labels)
        self._stage_took = cache(metrics.stage_seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and measure."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id, trace = _request_id(headers), self._traced(headers)
        logs.of_request.set(_on_behalf_of(request_id, trace))
        stages = scope["stages"] = Stages(None if trace is None else trace.timeline)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["Server-Timing"] = _server_timing(stages, started)
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _log.exception("a request failed by a defect")
            if status:
                raise
            await unexpected()(scope, receive, send_with_headers)
        finally:
            self._metrics.in_flight.dec()
            method, route = _named(scope)
            seconds = time.perf_counter() - started
            self._observe(method, route, status, stages, seconds)
            self._access_log.tell(method, route, status, seconds, stages)
            if trace is not None:
                trace.end(method, route, status)

    def _traced(self, headers: Headers) -> Trace | None:
        if self._tracer is None:
            return None
        trace = self._tracer.begin(headers)
        timeline.of_request.set(trace.timeline)
        return trace

    def _observe(
        self, method: str, route: str, status: int, stages: Stages, seconds: float
    ) -> None:
        self._answered(method, route, status).inc()
        self._took(method, route).observe(seconds)
        for stage, milliseconds in stages.milliseconds.items():
            self._stage_took(route, stage).observe(milliseconds / 1000)


def _named(scope: Scope) -> tuple[str, str]:
    """Method and route of a request, by names that are known here: a client chooses neither."""
    route = getattr(scope.get("route"), "path", UNKNOWN)
    method = scope["method"] if route != UNKNOWN and scope["method"] in METHODS else OTHER
    return method, route


def _on_behalf_of(request_id: str, trace: Trace | None) -> dict[str, str]:
    """What every line of the log bears that is written for the request."""
    ids = {"request_id": request_id}
    return ids if trace is None else {**ids, "trace_id": trace.trace_id}


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _server_timing(stages: Stages, started: float) -> str:
    parts = [f"{name};dur={ms:.3f}" for name, ms in stages.milliseconds.items()]
    return ", ".join([*parts, f"total;dur={(time.perf_counter() - started) * 1000:.3f}"])

"""Around every request: its id, its timing, its metrics, and what happens to a defect."""

import logging
import os
import re
import time
import uuid
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.encoding_metrics import EncodingMetrics
from service.api.model_metrics import ModelMetrics
from service.api.problems import unexpected
from service.domain.fields import ID_PATTERN
from service.pipeline.stages import Stages

BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_REQUEST_ID: Final = re.compile(ID_PATTERN)
_log = logging.getLogger(__name__)


class Metrics:
    """The service's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "newsstand_requests", "Requests answered", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "newsstand_request_seconds",
            "Time from the first byte in to the last byte out",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "newsstand_stage_seconds",
            "Time spent in each stage of a request",
            ("route", "stage"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.degraded = Counter(
            "newsstand_degraded",
            "Answers that were not personal",
            ("reason",),
            registry=self.registry,
        )
        self.recommendations = Counter(
            "newsstand_recommendations",
            "Lists served",
            ("scenario", "variant"),
            registry=self.registry,
        )
        self.articles_ingested = Counter(
            "newsstand_articles_ingested", "Articles taken in", ("status",), registry=self.registry
        )
        self.events = Counter(
            "newsstand_events", "Events taken in", ("type", "status"), registry=self.registry
        )
        self.catalogue_articles = Gauge(
            "newsstand_catalogue_articles",
            "Live articles",
            registry=self.registry,
            multiprocess_mode="max",
        )
        self.catalogue_changes = Gauge(
            "newsstand_catalogue_changes",
            "Articles and withdrawals that are in memory and not yet in a generation on disk",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.generation = Gauge(
            "newsstand_generation",
            "Number of the generation that the catalogue stands on",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

        self.clients_gone = Counter(
            "newsstand_clients_gone",
            "Clients that hung up before their articles were encoded",
            registry=self.registry,
        )
        self.encoding = EncodingMetrics(self.registry)
        self.models = ModelMetrics(self.registry)

    def text(self) -> bytes:
        """All metrics as Prometheus reads them; with several workers, those of all of them."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


class Telemetry:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and measure."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(Headers(scope=scope))
        stages = scope["stages"] = Stages()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["Server-Timing"] = _server_timing(stages, started)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _log.exception("request %s failed", request_id)
            if status:
                raise
            await unexpected()(scope, receive, send_with_headers)
        finally:
            self._observe(scope, status, stages, time.perf_counter() - started)

    def _observe(self, scope: Scope, status: int, stages: Stages, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if route != "unknown" else "other"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        for stage, milliseconds in stages.milliseconds.items():
            self._metrics.stage_seconds.labels(route, stage).observe(milliseconds / 1000)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _server_timing(stages: Stages, started: float) -> str:
    parts = [f"{name};dur={ms:.3f}" for name, ms in stages.milliseconds.items()]
    return ", ".join([*parts, f"total;dur={(time.perf_counter() - started) * 1000:.3f}"])

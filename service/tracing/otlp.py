"""Traces over OTLP/HTTP, by OpenTelemetry's SDK.

Its own variables hold: ``OTEL_TRACES_SAMPLER`` says which requests are sent (all, unless the caller
says otherwise), ``OTEL_EXPORTER_OTLP_HEADERS`` what a collector asks for,
``OTEL_RESOURCE_ATTRIBUTES`` where this is.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace import Tracer as SpanMaker
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.tracing.timeline import Part, Timeline

TRACES_PATH: Final = "/v1/traces"
SEND_SECONDS: Final = 3.0
FAILED: Final = 500
TRACEPARENT: Final = "traceparent"
"""All that is taken over: ``tracestate`` is free text."""
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class OtlpTracer:
    """See ``timeline.Tracer``."""

    def __init__(self, endpoint: str) -> None:
        """``endpoint`` is a collector's base URL."""
        resource = {"service.name": "newsstand", "service.version": metadata.version("newsstand")}
        address = endpoint.rstrip("/").removesuffix(TRACES_PATH) + TRACES_PATH
        self._provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=address, timeout=SEND_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._spans = self._provider.get_tracer("newsstand")

    def begin(self, headers: Mapping[str, str]) -> "OtlpTrace":
        """See ``timeline.Tracer``."""
        carrier = {TRACEPARENT: headers.get(TRACEPARENT, "")}
        within = _PROPAGATOR.extract(carrier, Context())
        span = self._spans.start_span("request", within, SpanKind.SERVER)
        timeline = Timeline() if span.is_recording() else None
        return OtlpTrace(self._spans, span, timeline, time.time() - time.perf_counter())

    def close(self) -> None:
        """See ``timeline.Tracer``."""
        self._provider.shutdown()


@dataclass(frozen=True, slots=True)
class OtlpTrace:
    """See ``timeline.Trace``. ``epoch``: when ``time.perf_counter`` was 0 (seconds since 1970)."""

    spans: SpanMaker
    span: Span
    timeline: Timeline | None
    epoch: float

    @property
    def trace_id(self) -> str:
        """See ``timeline.Trace``."""
        return f"{self.span.get_span_context().trace_id:032x}"

    def end(self, method: str, route: str, status: int) -> None:
        """See ``timeline.Trace``."""
        if self.timeline is not None:
            self.span.update_name(f"{method} {route}")
            self.span.set_attribute("http.request.method", method)
            self.span.set_attribute("http.route", route)
            self.span.set_attribute("http.response.status_code", status)
            if status >= FAILED or not status:
                self.span.set_status(StatusCode.ERROR)
            self._hand_over(self.timeline.close())
        self.span.end()

    def _hand_over(self, parts: Sequence[Part]) -> None:
        """Make spans of the parts: the one that begins first, and of those the longest, holds the
        others.
        """
        within = [(self.span, float("inf"))]
        for part in sorted(parts, key=lambda part: (part.started, -part.ended)):
            while part.started >= within[-1][1]:
                within.pop()
            held_by = set_span_in_context(within[-1][0], Context())
            span = self.spans.start_span(
                part.name, held_by, attributes=part.attributes, start_time=self._ns(part.started)
            )
            span.end(self._ns(part.ended))
            within.append((span, part.ended))

    def _ns(self, moment: float) -> int:
        return int((self.epoch + moment) * 1e9)

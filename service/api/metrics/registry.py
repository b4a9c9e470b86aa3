"""All metrics of a process, and of all workers."""

import asyncio
import os
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from service.api.metrics.caches import CacheMetrics
from service.api.metrics.catalogue import CatalogueMetrics
from service.api.metrics.encoding import EncodingMetrics
from service.api.metrics.experiments import ExperimentMetrics
from service.api.metrics.models import ModelMetrics
from service.api.metrics.process import ProcessMetrics
from service.api.metrics.state import StateMetrics
from service.models.running import Running

FOLLOWED_SECONDS: Final = 1.0
BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The service's metrics, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "newsstand_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "newsstand_request_seconds",
            "Time from the head of a request to the last byte of its answer",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.refused = Counter(
            "newsstand_refused",
            "Requests refused before anything was done for them",
            ("reason",),
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "newsstand_stage_seconds",
            "Time spent in each stage of a request",
            ("route", "stage"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "newsstand_requests_in_flight",
            "Requests that are being answered",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.degraded = Counter(
            "newsstand_degraded", "Answers that were not personal", ("reason",), registry=registry
        )
        self.recommendations = Counter(
            "newsstand_recommendations",
            "Lists served",
            ("scenario", "experiment", "variant"),
            registry=registry,
        )
        self.articles_ingested = Counter(
            "newsstand_articles_ingested", "Articles taken in", ("status",), registry=registry
        )
        self.events = Counter(
            "newsstand_events", "Events taken in", ("type", "status"), registry=registry
        )
        self.clients_gone = Counter(
            "newsstand_clients_gone",
            "Clients that hung up before their articles were encoded",
            registry=registry,
        )
        self.catalogue = CatalogueMetrics(registry)
        self.caches = CacheMetrics(registry)
        self.encoding = EncodingMetrics(registry)
        self.models = ModelMetrics(registry)
        self.state = StateMetrics(registry)
        self.experiments = ExperimentMetrics(registry)
        self.process = ProcessMetrics(registry, "worker")

    def tell(self, running: Running) -> None:
        """Set and count all that is not counted as it happens."""
        newsstand = running.newsstand
        self.catalogue.tell(newsstand.catalogue, running.editions.lag)
        self.caches.count(running.caches)
        self.encoding.count(newsstand.encoding())
        self.models.tell(running.switching.roster, newsstand.model.reference)
        self.state.tell(running.state())
        self.process.tell()

    async def follow(self, running: Running) -> None:
        """Tell, and wait until it is time again: another worker may be the one that is asked for
        all workers' metrics.
        """
        self.tell(running)
        await asyncio.sleep(FOLLOWED_SECONDS)

    def text(self) -> bytes:
        """All metrics as Prometheus reads them; with several workers, those of all of them."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

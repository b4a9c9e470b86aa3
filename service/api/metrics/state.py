"""The state store as metrics, as a process sees it."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from service.domain.standing import BreakerState, StateFigures


class StateMetrics:
    """Whether its servers answer, what they hold, and what waits to be written or counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._openings = 0
        self.servers = Gauge(
            "newsstand_state_servers",
            "Servers by how they answer: closed, in time; slow, too late for a page; open, not at "
            "all; added up over processes",
            ("breaker",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.openings = Counter(
            "newsstand_state_breaker_openings",
            "How often a server was found slow or away",
            registry=registry,
        )
        self.lost = Gauge(
            "newsstand_state_lost",
            "1 while the store is empty, or another than the one that is known",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.memory = Gauge(
            "newsstand_state_memory_bytes",
            "Memory that its servers use",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.memory_limit = Gauge(
            "newsstand_state_memory_limit_bytes",
            "Their maxmemory; 0: no limit",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.replicas = Gauge(
            "newsstand_state_replicas",
            "Connected replicas, of the server that has the fewest",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.unwritten = Gauge(
            "newsstand_unwritten_lists",
            "Lists that were served and are not yet in the store",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.counters_entries = Gauge(
            "newsstand_counters_lag_entries",
            "Clicks and impressions that were found waiting for the popularity counters",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.counters_seconds = Gauge(
            "newsstand_counters_lag_seconds",
            "What readers did until so many seconds ago is counted; 0 to 2 is all of it",
            registry=registry,
            multiprocess_mode="livemin",
        )

    def tell(self, figures: StateFigures) -> None:
        """Set them."""
        for state in get_args(BreakerState):
            self.servers.labels(state).set(figures.servers.get(state, 0))
        # A Cluster's node that leaves takes its count along.
        self.openings.inc(max(0, figures.openings - self._openings))
        self._openings = figures.openings
        self.lost.set(figures.lost)
        self.memory.set(figures.about.memory_bytes)
        self.memory_limit.set(figures.about.memory_limit_bytes)
        self.replicas.set(figures.about.replicas)
        self.unwritten.set(figures.unwritten_lists)
        self.counters_entries.set(figures.counters.entries)
        self.counters_seconds.set(figures.counters.seconds)

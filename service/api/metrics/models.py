"""The models as metrics."""

from prometheus_client import CollectorRegistry, Gauge

from service.models.roster import Roster


class ModelMetrics:
    """Which models are kept, and how far a switch is, as this process last heard."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._told: set[tuple[str, str]] = set()
        self.models = Gauge(
            "newsstand_model",
            "1 for each model in its role: active, previous, coming",
            ("model", "role"),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.encoded = Gauge(
            "newsstand_switch_encoded_articles",
            "Stored articles that have a vector under the coming model",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.articles = Gauge(
            "newsstand_switch_articles",
            "Stored articles that need one; 0 while no model is coming",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.switches = Gauge(
            "newsstand_model_switches",
            "How often the active model has changed",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )

    def tell(self, roster: Roster, active: str) -> None:
        """Set them."""
        coming = roster.coming
        now = {(active, "active")}
        now |= {(roster.previous, "previous")} if roster.previous is not None else set()
        now |= {(coming.model, "coming")} if coming is not None else set()
        for model, role in self._told | now:
            self.models.labels(model, role).set((model, role) in now)
        self._told = now
        self.encoded.set(0 if coming is None else coming.done)
        self.articles.set(0 if coming is None else coming.total)
        self.switches.set(roster.switches)

"""The catalogue as metrics: what is in it, where it stands, and how far it is behind."""

from prometheus_client import CollectorRegistry, Gauge

from service.catalogue.catalogue import Catalogue
from service.domain.standing import Lag


class CatalogueMetrics:
    """The active model's catalogue; of several workers, that of the one furthest behind."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.articles = Gauge(
            "newsstand_catalogue_articles",
            "Live articles",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.changes = Gauge(
            "newsstand_catalogue_changes",
            "Articles and withdrawals that are in memory and not yet in a generation on disk",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.generation = Gauge(
            "newsstand_generation",
            "Number of the generation that the catalogue stands on",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.generation_written = Gauge(
            "newsstand_generation_timestamp_seconds",
            "When that generation was written; 0: there is none yet",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.lag_entries = Gauge(
            "newsstand_article_log_lag_entries",
            "Entries of the article log that are not yet in the catalogue, counted up to 100",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.lag_seconds = Gauge(
            "newsstand_article_log_lag_seconds",
            "What was logged until so many seconds ago is in the catalogue; 0 to 2 is all of it",
            registry=registry,
            multiprocess_mode="livemax",
        )

    def tell(self, catalogue: Catalogue, lag: Lag) -> None:
        """Set them."""
        self.articles.set(len(catalogue))
        self.changes.set(catalogue.changes)
        self.generation.set(catalogue.sealed.number)
        self.generation_written.set(catalogue.sealed.written)
        self.lag_entries.set(lag.entries)
        self.lag_seconds.set(lag.seconds)

"""Caches as metrics."""

from dataclasses import fields

from prometheus_client import CollectorRegistry, Counter

from service.domain.lookups import Caches, Lookups


class CacheMetrics:
    """How often each cache was asked, and had what was asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counted = {field.name: Lookups() for field in fields(Caches)}
        self.lookups = Counter(
            "newsstand_cache_lookups",
            "What was asked of a cache: hit, it was there; miss, it was made or fetched",
            ("cache", "outcome"),
            registry=registry,
        )

    def count(self, caches: Caches) -> None:
        """Add what was asked since the last time."""
        for cache, before in self._counted.items():
            now: Lookups = getattr(caches, cache)
            self.lookups.labels(cache, "hit").inc(now.hits - before.hits)
            self.lookups.labels(cache, "miss").inc(now.misses - before.misses)
            self._counted[cache] = Lookups(now.hits, now.misses)

"""Experiments as metrics: what readers did in each variant."""

import asyncio
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from service.errors import Unavailable
from service.models.running import Running
from service.pipeline.newsstand import Newsstand

FOLLOWED_SECONDS: Final = 10.0


class ExperimentMetrics:
    """The tallies as they stand in the state store: every replica tells the same."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str) -> Gauge:
            return Gauge(
                f"newsstand_experiment_{name}",
                meaning,
                ("experiment", "variant"),
                registry=registry,
                multiprocess_mode="livemostrecent",
            )

        self.readers = gauge("readers", "Readers who saw something of a list of the variant")
        self.impressions = gauge("impressions", "Articles of its lists that were seen, each once")
        self.clicks = gauge("clicks", "Those of them that were clicked")

    async def tell(self, newsstand: Newsstand) -> None:
        """Set them. Raises Unavailable."""
        for name, experiment in newsstand.policies().experiments.items():
            counts = await newsstand.experiments.counts(experiment.key(name), experiment.variants)
            for variant, held in counts.items():
                self.readers.labels(name, variant).set(held.tally.readers)
                self.impressions.labels(name, variant).set(held.tally.impressions)
                self.clicks.labels(name, variant).set(held.tally.clicks)

    async def follow(self, running: Running) -> None:
        """Tell, and wait until it is time again. While the state store is away, nothing is new."""
        with suppress(Unavailable):
            await self.tell(running.newsstand)
        await asyncio.sleep(FOLLOWED_SECONDS)

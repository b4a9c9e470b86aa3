"""The encoders' figures as metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from service.domain.encoding import EncodingFigures

BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class EncodingMetrics:
    """What waits, and what was done, as Prometheus reads it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counted = EncodingFigures()
        self.waiting_texts = Gauge(
            "newsstand_encoder_waiting_texts",
            "Texts that wait to be encoded",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.batch_texts = Histogram(
            "newsstand_encoder_batch_texts",
            "Texts in a batch",
            buckets=BATCH_SIZES,
            registry=registry,
        )
        self.texts = Counter("newsstand_encoder_texts", "Texts encoded", registry=registry)
        self.busy_seconds = Counter(
            "newsstand_encoder_busy_seconds",
            "Time that its threads were at work, added up",
            registry=registry,
        )
        self.dropped = Counter(
            "newsstand_encoder_dropped",
            "Texts not encoded because nobody waited for them any more",
            registry=registry,
        )
        self.refused = Counter(
            "newsstand_encoder_refused",
            "Texts not taken because too many waited",
            registry=registry,
        )
        self.shared = Counter(
            "newsstand_encoder_shared",
            "Texts asked for again while they waited, and encoded once",
            registry=registry,
        )

    def count(self, now: EncodingFigures) -> None:
        """Add what was done since the last time."""
        before, self._counted = self._counted, now
        self.waiting_texts.set(now.waiting_texts)
        self.texts.inc(now.texts - before.texts)
        self.busy_seconds.inc(now.seconds - before.seconds)
        self.dropped.inc(now.dropped - before.dropped)
        self.refused.inc(now.refused - before.refused)
        self.shared.inc(now.shared - before.shared)
        for texts, times in now.batches.items():
            for _ in range(times - before.batches.get(texts, 0)):
                self.batch_texts.observe(texts)

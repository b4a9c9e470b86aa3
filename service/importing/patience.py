"""How long to wait for a service that is busy, and how often."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Patience:
    """Exponential back-off with jitter. ``attempts`` counts the first one too."""

    attempts: int = 8
    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    longest_retry_after: float = 120.0

    def pause(self, attempt: int, retry_after: float | None) -> float | None:
        """The seconds to wait after the ``attempt``-th attempt (from 1); None: give up.

        Never shorter than the service's ``retry_after``, and never much longer, so that callers
        who were sent away together do not come back together.
        """
        if attempt >= self.attempts:
            return None
        backoff: float = min(self.longest_seconds, self.first_seconds * 2 ** (attempt - 1))
        if retry_after is None:
            return backoff * random.uniform(0.5, 1.0)
        if retry_after > self.longest_retry_after:
            return None
        return retry_after + backoff * random.uniform(0.0, 0.5)


DEFAULT_PATIENCE: Final = Patience()


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """``Retry-After`` in seconds, given as such or as a date; None if it is neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())

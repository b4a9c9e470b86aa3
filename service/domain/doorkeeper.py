"""Who is let in, and how often."""

import time
from collections.abc import Callable

from service.domain.api_key import ApiKey, Keyring
from service.domain.token_bucket import TokenBucket
from service.errors import NoKey, RateLimited, UnknownKey


class Doorkeeper:
    """Knows the keys and counts their requests, for one process of several that share a port."""

    def __init__(
        self,
        keyring: Callable[[], Keyring],
        usual_rate: float | None,
        processes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``usual_rate``: requests a second of a key that has no rate of its own; None: any.
        Connections spread over the processes, so that each grants its part of the rate.
        """
        self._keyring, self._clock = keyring, clock
        self._usual_rate, self._processes = usual_rate, processes
        self._buckets: dict[str, TokenBucket] = {}

    def admit(self, shown: str | None) -> ApiKey:
        """Whose key is shown. Raises NoKey, UnknownKey, or RateLimited if it comes too often."""
        if shown is None:
            raise NoKey("send an API key: Authorization: Bearer KEY")
        key = self._keyring().owner(shown)
        if key is None:
            raise UnknownKey("the API key is not known, or was revoked")
        rate = key.requests_per_second or self._usual_rate
        if rate is not None and (wait := self._bucket(key, rate).take(self._clock())):
            raise RateLimited(f"the key {key.name} has {rate:g} requests a second", wait)
        return key

    def _bucket(self, key: ApiKey, rate: float) -> TokenBucket:
        share = rate / self._processes
        bucket = self._buckets.get(key.id)
        if bucket is None or bucket.rate != share:
            bucket = self._buckets[key.id] = TokenBucket(share, self._clock())
        return bucket

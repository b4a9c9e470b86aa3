"""A bound on how often something may be done: so many times a second, and as many at once."""


class TokenBucket:
    """Full at first. A token comes in every ``1 / rate`` seconds, and as many fit in as come in a
    second, but one at least.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._holds = max(1.0, rate)
        self._left, self._since = self._holds, now

    def take(self, now: float) -> float:
        """Take a token: 0.0 if there was one, else how long (s) until there is."""
        self._left = min(self._holds, self._left + (now - self._since) * self.rate)
        self._since = now
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) / self.rate

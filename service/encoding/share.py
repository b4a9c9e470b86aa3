"""The part of the time that what can wait may have."""


class BackgroundShare:
    """Of the time of so many threads a part, above 0 and at most 1. After each piece of work in the
    background there is a rest; each thread may have begun one piece before.
    """

    def __init__(self, part: float, threads: int) -> None:
        self._seconds_each = 1 / (part * threads)
        self._from = 0.0

    def rest(self, now: float) -> float:
        """How long the background rests from ``now`` on; 0 if it may go on."""
        return max(0.0, self._from - now)

    def had(self, began: float, seconds: float) -> None:
        """A thread worked for the background from ``began`` on for so long."""
        self._from = max(self._from, began) + seconds * self._seconds_each

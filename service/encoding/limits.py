"""How much may wait to be encoded."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """When a call is refused: what it would have to wait for is too much."""

    seconds: float = 5.0
    """What waits of one urgency may be so much work, by the pace that was measured."""
    always: int = 2_000
    """So many texts of a model, of calls for many, are taken however long they last: two full
    requests, which is what an import keeps in flight.
    """
    most: int = 10_000
    """More texts of all models are not taken: so much memory they may have."""

    characters: int = 64 * 1024 * 1024
    """More characters are not taken either. A full request has a quarter of them at most."""

    def allow(self, new: int, waiting: int, seconds: float, floor: int) -> bool:
        """Whether so many new texts may join those of their urgency that wait, if all of it is so
        much work; up to ``floor`` they may in any case. A call that finds nobody before it is never
        refused.
        """
        return not waiting or waiting + new <= floor or seconds <= self.seconds

    def hold(self, texts: int, characters: int) -> bool:
        """Whether there is memory for so much, of whatever urgency."""
        return texts <= self.most and characters <= self.characters


DEFAULT: Final = Limits()

"""How much may wait to be encoded."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """When a call is refused: what it would have to wait for is too much."""

    seconds: float = 5.0
    """What waits may be so much work, by the pace that was measured."""
    always: int = 2_000
    """So many texts of a model are taken however long they last: two full requests, which is what
    an import keeps in flight.
    """
    most: int = 10_000
    """More texts of all models are never taken: so much memory they may have."""

    def allow(self, new: int, *, of_model: int, waiting: int, seconds: float) -> bool:
        """Whether so many new texts may wait too, where so many of their model and of all models
        wait, if all of it is so much work. A call that finds nobody before it is never refused.
        """
        if not waiting or of_model + new <= self.always:
            return True
        return waiting + new <= self.most and seconds <= self.seconds


DEFAULT: Final = Limits()

"""Which systems are worth their cost: those that no other beats in both."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Worth:
    """What a system gives, of which more is better, and what it takes, of which less is."""

    quality: float
    cost: float

    def beats(self, other: "Worth") -> bool:
        """As good and as cheap, and one of them more so."""
        no_worse = self.quality >= other.quality and self.cost <= other.cost
        return no_worse and self != other


def front(systems: Mapping[str, Worth]) -> list[str]:
    """The names of those that no other beats, the cheapest first. Equals stand together."""
    kept = [
        name
        for name, worth in systems.items()
        if not any(other.beats(worth) for other in systems.values())
    ]
    return sorted(kept, key=lambda name: systems[name].cost)

"""How long rows take on a scale's hardware: a core for small, a GPU for full."""

from dataclasses import dataclass
from typing import Final

from training.studies.names import Scale


@dataclass(frozen=True)
class Pace:
    """In minutes, by what a row does; all of it but measuring goes with the layers."""

    clicks: float
    """A layer learns from the clicks."""
    reading: float
    """A layer reads them: another learns from what it says."""
    pairs: float
    """A layer learns from titles and bodies."""
    masked: float
    """A layer learns to guess."""
    measuring: float
    """A layer is measured."""
    start: float
    """Before and after all of that."""

    def fine_tuned(self, layers: int, *, beside: float = 0) -> float:
        """A recommender, while so many other layers learn with it."""
        learning = self.clicks * (layers + beside)
        return self.start + learning + self.measuring * layers

    def under(self, layers: int, teaching: int) -> float:
        """A recommender, while so many layers of teachers read what it reads."""
        return self.fine_tuned(layers) + self.reading * teaching

    def post_trained(self, layers: int) -> float:
        """An encoder, or a student."""
        return self.start + self.pairs * layers


PACES: Final[dict[Scale, Pace]] = {
    "small": Pace(clicks=0.3, reading=0.1, pairs=0.6, masked=0.6, measuring=0.15, start=0.4),
    "full": Pace(clicks=10, reading=3, pairs=20, masked=20, measuring=0.5, start=2),
}

"""How often what was found before served again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Lookups:
    """How often something was asked for and was there, or was not."""

    hits: int = 0
    misses: int = 0

    def count(self, *, hits: int, misses: int) -> None:
        """Several at once."""
        self.hits += hits
        self.misses += misses


@dataclass(frozen=True, slots=True)
class Caches:
    """What a process keeps so as not to make or fetch it again, whatever models it serves."""

    reader_vectors: Lookups = field(default_factory=Lookups)
    """A reader's vector, kept beside the history until the next click."""
    pools: Lookups = field(default_factory=Lookups)
    """A reader's last deep search (``catalogue/pools.py``)."""
    article_vectors: Lookups = field(default_factory=Lookups)
    """Clicked articles' vectors in memory, of the catalogue and of retired articles."""
    text_digests: Lookups = field(default_factory=Lookups)
    """Texts of incoming articles whose vectors are stored already."""

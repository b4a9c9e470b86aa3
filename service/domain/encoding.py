"""How the encoding of articles goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EncodingFigures:
    """What the encoders of a process did since it started, and what waits for them now."""

    waiting_texts: int = 0
    """Texts that were asked for and have no vector yet, those in running batches included."""
    waiting_tokens: int = 0
    """Their tokens, estimated where they are not known yet."""
    batches: Mapping[int, int] = field(default_factory=dict)
    """How many batches ran, by how many texts they held."""
    texts: int = 0
    """Texts encoded."""
    dropped: int = 0
    """Texts that were not encoded because nobody waited for them any more."""
    refused: int = 0
    """Texts that were not taken because too many waited."""
    shared: int = 0
    """Texts that were asked for again while they waited, and encoded once."""
    seconds: float = 0.0
    """How long threads were at work, added up."""

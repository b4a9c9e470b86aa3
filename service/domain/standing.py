"""How a process stands to the state store: what it has heard of, and how the servers answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BreakerState = Literal["closed", "slow", "open"]
"""How a server answers: in time, too late for a page, not at all."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far something is behind: so many entries wait, and all that was written until so many
    seconds ago is done.
    """

    entries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """What the servers of the state store say of themselves, added up over those that own keys."""

    memory_bytes: int = 0
    memory_limit_bytes: int = 0
    """0: none of them has a limit."""
    replicas: int = 0
    """Connected ones, of the server that has the fewest."""


@dataclass(frozen=True, slots=True)
class StateFigures:
    """The state store as one process sees it."""

    servers: Mapping[BreakerState, int] = field(default_factory=dict)
    """How many are in each state."""
    openings: int = 0
    """How often a breaker left ``closed``."""
    lost: bool = False
    """The store is empty, or another than the one that is known."""
    unwritten_lists: int = 0
    """Lists that were served and are not yet in the store."""
    counters: Lag = Lag()
    """The popularity counters behind the readers' outboxes."""
    about: ServerFigures = ServerFigures()

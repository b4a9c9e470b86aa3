"""What a fault is, and the stage on which it strikes."""

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from bench.faults.ledger import Ledger
from bench.faults.service import Service
from tests.forwarder import Forwarder
from tests.redis_servers import Cluster, Server

Kept = Literal["articles", "withdrawals", "clicks", "counters"]
EVERYTHING: Final[frozenset[Kept]] = frozenset({"articles", "withdrawals", "clicks", "counters"})
NOTHING: Final[frozenset[Kept]] = frozenset()


@dataclass(frozen=True)
class Artefact:
    """The artefact that services serve; ``reference`` names it in the state store."""

    store: Path
    name: str
    reference: str

    @property
    def arguments(self) -> list[str]:
        """The flags that name it."""
        return ["--model-store", str(self.store), "--model", self.name]


@dataclass
class Stage:
    """What runs while a fault strikes. Of servers and ways, what the stage has."""

    services: Sequence[Service]
    url: str
    """Of the state store as services see it."""
    artefact: Artefact
    servers: list[Server] = field(default_factory=list)
    """The primary first."""
    ways: list[Forwarder] = field(default_factory=list)
    """Between the services and the store, and between the primary and its replica."""
    cluster: Cluster | None = None
    ledger: Ledger = field(default_factory=Ledger)


Build = Callable[[Path, Artefact, ExitStack], Awaitable[Stage]]
Strike = Callable[[Stage, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and what is promised all the same."""

    name: str
    running: str
    build: Build
    strike: Strike
    """Does it, and what an operator would then do; over when that is done."""
    promised: frozenset[Kept] = EVERYTHING
    """What of the acknowledged may not be lost. Nothing may ever be counted twice."""

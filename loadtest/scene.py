"""What all users of one run share: the profile, the clock, what was published, who was here."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from loadtest.correctness import Fault
from loadtest.newsroom import Writer
from loadtest.profiles import Call, Profile
from loadtest.readers import Readership
from loadtest.shelf import Shelf

EXAMPLES_KEPT: Final = 5


@dataclass
class Tally:
    """What happened that Locust does not count by itself."""

    faults: Counter[Fault] = field(default_factory=Counter)
    examples: dict[Fault, list[str]] = field(default_factory=dict)
    """The recommendations by id, or what else names an answer, in which a fault was found."""
    failed: Counter[Call] = field(default_factory=Counter)
    """Requests without a good answer: refused, broken off, or too late."""
    recommendations: int = 0
    without_state: int = 0
    late_seconds: list[float] = field(default_factory=list)
    """How much later than its time in the log each replayed visit began."""

    def found(self, faults: list[Fault], where: str) -> None:
        """An answer broke these promises."""
        for fault in faults:
            self.faults[fault] += 1
            examples = self.examples.setdefault(fault, [])
            if len(examples) < EXAMPLES_KEPT:
                examples.append(where)


@dataclass
class Scene:
    """One run. Ids of its articles and readers begin with ``prefix``, so that it meddles with
    nothing that a service holds already.
    """

    profile: Profile
    prefix: str
    rng: random.Random
    writer: Writer
    readership: Readership
    shelf: Shelf = field(default_factory=Shelf)
    tally: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, profile: Profile, seed: int) -> "Scene":
        """A scene whose chance is fixed by ``seed``, and whose ids are its own."""
        rng, prefix = random.Random(seed), f"lt{time.time_ns():x}-"
        ends = datetime.now(UTC) + timedelta(seconds=profile.seconds)
        readership = Readership(prefix, profile.crowd.population, rng)
        return cls(profile, prefix, rng, Writer.of(prefix, ends, rng), readership)

    def begins(self) -> None:
        """The clock starts now."""
        self.started, self.started_at = time.monotonic(), datetime.now(UTC)

    @property
    def seconds(self) -> float:
        """How long it has been going."""
        return time.monotonic() - self.started

    @property
    def moment(self) -> float:
        """The part of the day that is over, from 0 to 1."""
        return min(self.seconds / self.profile.seconds, 1.0)

"""How hard and how long: each profile is a day, a crowd, a newsroom and what they must be given."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Call = str
"""A call as reports name it, such as ``POST /v1/recommend``."""

RECOMMEND: Final[Call] = "POST /v1/recommend"
EVENTS: Final[Call] = "POST /v1/events"
WRITE: Final[Call] = "PUT /v1/articles/{id}"
BATCH: Final[Call] = "POST /v1/articles"
WITHDRAW: Final[Call] = "DELETE /v1/articles/{id}"
READ: Final[Call] = "GET /v1/articles/{id}"
SIMILAR: Final[Call] = "GET /v1/articles/{id}/similar"
TRENDING: Final[Call] = "GET /v1/trending"


@dataclass(frozen=True)
class Crowd:
    """Who comes. ``readers`` and ``strangers`` are there at once at the day's height."""

    readers: int
    strangers: int
    """Anonymous: all that is known of them is what they have read in this session."""
    population: int
    """So many readers there are at all: most visits are by one who has been here before."""
    pause_seconds: tuple[float, float]
    """How long one looks at a page or an article, at least and at most."""


@dataclass(frozen=True)
class Newsroom:
    """What is written. All times are seconds of the test."""

    stock: int
    """Articles that are there before the first reader comes."""
    article_every: float
    burst_every: float
    burst_articles: int


@dataclass(frozen=True)
class Latency:
    """Milliseconds that so many of the answers may take."""

    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Limits:
    """What passes. Of wrong answers none ever does, so there is no setting for them."""

    latency: Mapping[Call, Latency]
    failed: float
    """The share of requests that may go without a good answer."""
    without_state: float
    """The share of recommendations that may be given without the reader's state."""
    requests: int
    """At least so many recommendations, or the test says nothing."""
    late_seconds: float = 1.0
    """A replay keeps its time if 95 of 100 visits begin no later than this."""


@dataclass(frozen=True)
class Profile:
    """A load test. It ends after ``seconds``, whatever happens."""

    name: str
    about: str
    seconds: float
    crowd: Crowd
    newsroom: Newsroom
    limits: Limits
    speed: float
    """A replayed log runs so many times faster than it happened."""


SMOKE: Final = Profile(
    name="smoke",
    about="a few readers for a few seconds: does everything work together?",
    seconds=6,
    crowd=Crowd(readers=6, strangers=2, population=12, pause_seconds=(0.02, 0.15)),
    newsroom=Newsroom(stock=120, article_every=0.5, burst_every=2, burst_articles=10),
    limits=Limits(
        # A machine that builds and tests is busy: this gate is for answers, not for speed.
        latency={RECOMMEND: Latency(2_000, 5_000), EVENTS: Latency(2_000, 5_000)},
        failed=0.0,
        without_state=0.0,
        requests=10,
        late_seconds=5.0,
    ),
    speed=240,
)

PEAK: Final = Profile(
    name="peak",
    about="the big story's quarter of an hour: as many readers as two cores carry with their load",
    seconds=900,
    crowd=Crowd(readers=48, strangers=16, population=5_000, pause_seconds=(0.2, 1.0)),
    newsroom=Newsroom(stock=5_000, article_every=1, burst_every=30, burst_articles=50),
    limits=Limits(
        latency={
            RECOMMEND: Latency(100, 250),
            EVENTS: Latency(100, 250),
            WRITE: Latency(250, 500),
        },
        failed=0.001,
        without_state=0.001,
        requests=1_000,
    ),
    speed=300,
)

SOAK: Final = Profile(
    name="soak",
    about="hours of an ordinary day: does anything grow, leak, or go wrong in the long run?",
    seconds=4 * 3_600,
    crowd=Crowd(readers=24, strangers=8, population=20_000, pause_seconds=(0.5, 3.0)),
    newsroom=Newsroom(stock=5_000, article_every=5, burst_every=120, burst_articles=30),
    limits=Limits(
        latency={
            RECOMMEND: Latency(50, 150),
            EVENTS: Latency(50, 150),
            WRITE: Latency(250, 500),
        },
        failed=0.0001,
        without_state=0.0001,
        requests=1_000,
    ),
    speed=40,
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (SMOKE, PEAK, SOAK)}
)

"""What a newsroom writes in a day, and when: invented, so that anyone can play it.

The titles are generated from a few words of each desk: alike enough within a desk for a taste to
show, and never the same twice.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Literal

from loadtest import day, profiles
from loadtest.shelf import SPREAD_SECONDS

DESKS: Final[Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]]] = {
    "politics": (
        ("Parliament", "The minister", "The coalition", "The mayor", "Opposition leaders"),
        ("debates", "postpones", "defends", "rejects", "quietly drops"),
        ("the housing bill", "a new budget", "the border treaty", "its own deadline"),
    ),
    "business": (
        ("The central bank", "A ferry company", "The steelworks", "Bakers", "Investors"),
        ("warns of", "profits from", "plans for", "loses money on", "bets on"),
        ("higher rates", "a strong currency", "cheap power", "a merger", "empty order books"),
    ),
    "sports": (
        ("The home side", "A young goalkeeper", "The champions", "The coach", "A sprinter"),
        ("wins", "throws away", "prepares for", "breaks a record in", "apologises after"),
        ("the derby", "the cup final", "the relay", "the last minute", "the away game"),
    ),
    "culture": (
        ("A forgotten opera", "The city museum", "A first novel", "The film festival"),
        ("returns to", "divides", "delights", "is stolen from", "outgrows"),
        ("its audience", "the critics", "the old theatre", "a summer stage"),
    ),
    "science": (
        ("Astronomers", "A research ship", "Biologists", "Engineers", "A satellite"),
        ("finds", "measures", "loses sight of", "explains", "photographs"),
        ("a dim comet", "melting ice", "a deep reef", "an old signal", "a strange beetle"),
    ),
    "local": (
        ("The harbour bridge", "A night bus", "The swimming pool", "The market hall"),
        ("closes for", "reopens after", "is late because of", "gets a name for"),
        ("repairs", "a long dispute", "the flood", "one family of swans"),
    ),
}
BIG_STORY_DESK: Final = "breaking"
BIG_STORY: Final = (
    ("The storm", "The coast guard", "The evacuated town", "The harbour master", "Rescuers"),
    ("nears", "searches", "waits for", "holds against", "reports from"),
    ("the coast", "the second flood", "the broken dyke", "the night", "the islands"),
)
LOOKED_FOR_AFTER: Final = SPREAD_SECONDS + 0.5
STOCK_AGE_HOURS: Final = 48
EXPIRES_AFTER: Final = timedelta(hours=1)
"""After the test is over its articles vanish by themselves."""

What = Literal["article", "burst", "look", "correct", "withdraw"]


@dataclass(frozen=True, order=True)
class Deed:
    """Something the newsroom does, in seconds of the test. ``look``: is the burst to be found?"""

    due: float
    what: What
    number: int = 0
    """Of the burst."""


def plan(newsroom: profiles.Newsroom, seconds: float, rng: random.Random) -> list[Deed]:
    """The day's deeds in their order: articles one by one, some corrected, some withdrawn, and
    bursts, each looked for once every process must know it.
    """
    deeds: list[Deed] = []
    for number in range(1, int(seconds / newsroom.article_every) + 1):
        due = number * newsroom.article_every
        what: What = rng.choices(("article", "correct", "withdraw"), (6, 2, 2))[0]
        deeds.append(Deed(due, what))
    for number in range(1, int(seconds / newsroom.burst_every) + 1):
        due = (number - 0.5) * newsroom.burst_every
        deeds += [Deed(due, "burst", number), Deed(due + LOOKED_FOR_AFTER, "look", number)]
    return sorted(deed for deed in deeds if deed.due < seconds)


@dataclass(frozen=True)
class Writer:
    """Writes articles. Ids begin with ``prefix``; what is written vanishes after ``until``."""

    prefix: str
    until: datetime
    rng: random.Random
    numbers: Iterator[int]

    @classmethod
    def of(cls, prefix: str, ends: datetime, rng: random.Random) -> "Writer":
        """The writer for a test that ends then."""
        return cls(prefix, ends + EXPIRES_AFTER, rng, count(1))

    def stock(self, articles: int, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        """What there is before the day begins, published over the last two days."""
        minutes = STOCK_AGE_HOURS * 60
        written = [self.article(0.0, "archive") for _ in range(articles)]
        for _, article in written:
            age = timedelta(minutes=self.rng.uniform(1, minutes))
            article["published_at"] = (now - age).isoformat()
        return written

    def article(self, moment: float, source: str) -> tuple[str, dict[str, Any]]:
        """One article, at a moment of the day (0 to 1): while the big story lasts, mostly of it."""
        desk = self.rng.choice(list(DESKS))
        if day.big_story(moment) and self.rng.random() < day.STORY_FOLLOWED_BY:
            desk = BIG_STORY_DESK
        number = next(self.numbers)
        return f"{self.prefix}a{number}", {
            "title": f"{headline(desk, self.rng)}, part {number}",
            "category": desk,
            "source": source,
            "language": "en",
            "expires_at": self.until.isoformat(),
        }

    def corrected(self, article: Mapping[str, Any]) -> dict[str, Any]:
        """The article with another title: its vector has to follow."""
        return {**article, "title": f"Corrected: {article['title']}"[:200]}


def headline(desk: str, rng: random.Random) -> str:
    """A few words as this desk, or the big story's, would put them."""
    return " ".join(map(rng.choice, DESKS.get(desk, BIG_STORY)))


def burst_source(prefix: str, number: int) -> str:
    """The source that the articles of one burst share, by which they are looked for."""
    return f"{prefix}live-{number}"

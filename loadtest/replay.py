"""A click log as a load test: who came when, what they were shown and clicked, what was new then.

MIND and EB-NeRD, as ``service.replay`` reads them. Of a log the busiest part is played that fits
into the test. A log does not say when an article was published: it appears a little before it is
first seen. Articles without a text have generated titles that say so, and a source that says so.
"""

import random
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from loadtest.newsroom import DESKS, headline
from service.replay.log import Log, LoggedArticle, LoggedClick, LoggedImpression

CLICKS_BEFORE: Final = 50
"""Of a reader's history, the newest."""
AHEAD_SECONDS: Final = 2.0
"""So long before it is first seen an article is sent, so that it is there by then."""
GENERATED: Final = "generated titles"


@dataclass(frozen=True)
class Visit:
    """A logged impression, due at a second of the test."""

    due: float
    impression: LoggedImpression


@dataclass(frozen=True)
class Timeline:
    """A part of a log in the test's seconds."""

    stock: Sequence[LoggedArticle]
    """What is there before the first visit."""
    breaking: Sequence[tuple[float, LoggedArticle]]
    """What appears later, and when it is due."""
    histories: Mapping[str, Sequence[LoggedClick]]
    """What each reader had clicked before; times are the log's."""
    visits: Sequence[Visit]
    began: float
    """The log's time at the test's second 0."""
    speed: float

    @property
    def generated(self) -> int:
        """How many articles have a generated title."""
        everything = [*self.stock, *(article for _, article in self.breaking)]
        return sum(article.generated for article in everything)


def timeline(log: Log, seconds: float, speed: float) -> Timeline:
    """The busiest part of the log that lasts ``seconds`` at ``speed`` times its real pace."""
    impressions = _busiest(log.impressions, seconds * speed)
    began = impressions[0].seconds
    visits = [Visit((one.seconds - began) / speed, one) for one in impressions]
    histories = _histories(log, impressions)
    named = dict.fromkeys(click.article_id for clicks in histories.values() for click in clicks)
    named |= dict.fromkeys(article_id for one in impressions for article_id in _named(one))
    stock, breaking = [], []
    for article_id in sorted(named, key=log.first_seen.__getitem__):
        due = (log.first_seen[article_id] - began) / speed - AHEAD_SECONDS
        if due <= 0:
            stock.append(log.articles[article_id])
        else:
            breaking.append((due, log.articles[article_id]))
    return Timeline(stock, breaking, histories, visits, began, speed)


def seats(visits: Iterable[Visit], count: int) -> list[list[Visit]]:
    """The visits divided so that each reader's are played by one, in their order."""
    divided: list[list[Visit]] = [[] for _ in range(count)]
    for visit in visits:
        divided[zlib.crc32(visit.impression.user_id.encode()) % count].append(visit)
    return divided


def sent_article(article: LoggedArticle, until: datetime) -> dict[str, Any]:
    """The article as it is sent, to vanish then. A generated title is marked, in the source too."""
    title = generated_title(article.article_id) if article.generated else article.title
    return {
        "title": title,
        "abstract": article.abstract or None,
        "category": article.category or None,
        "subcategory": article.subcategory or None,
        "source": GENERATED if article.generated else "log",
        "expires_at": until.isoformat(),
    }


def generated_title(article_id: str) -> str:
    """Always the same for the same article, and hardly like another's: were all alike, the service
    would take them for one story told again and again, and be busy with that alone.
    """
    rng = random.Random(article_id)
    return f"{headline(rng.choice(list(DESKS)), rng)} (generated title {article_id})"


def sent_time(played: Timeline, click: LoggedClick, started: datetime) -> datetime:
    """When a click before the test happened, as much before it as it was in the log."""
    return started - timedelta(seconds=max(played.began - click.seconds, 0.0))


def _busiest(impressions: Sequence[LoggedImpression], span: float) -> Sequence[LoggedImpression]:
    times = [impression.seconds for impression in impressions]
    ends = [bisect_left(times, time + span) for time in times]
    first = max(range(len(times)), key=lambda start: ends[start] - start)
    return impressions[first : ends[first]]


def _histories(log: Log, played: Sequence[LoggedImpression]) -> dict[str, Sequence[LoggedClick]]:
    """What the readers of this part had clicked before it began."""
    began, readers = played[0].seconds, {impression.user_id for impression in played}
    clicks: defaultdict[str, list[LoggedClick]] = defaultdict(list)
    for impression in log.impressions:
        if impression.user_id in readers and impression.seconds < began:
            clicks[impression.user_id] += [*impression.history, *impression.clicked]
    for impression in played:  # of a reader whose first impression is in this part
        clicks[impression.user_id] += impression.history
    return {
        reader: sorted(of_reader, key=lambda click: click.seconds)[-CLICKS_BEFORE:]
        for reader, of_reader in clicks.items()
    }


def _named(impression: LoggedImpression) -> Iterable[str]:
    yield from impression.shown
    yield from (click.article_id for click in impression.clicked)

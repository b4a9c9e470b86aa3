"""A visit: one request for recommendations, and all that is known before there are candidates."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from service.catalogue.catalogue import Catalogue
from service.domain.experiment import Decision
from service.domain.fields import ArticleId
from service.domain.policy import RankingPolicy
from service.domain.reader import Reader
from service.domain.recommendation import Degradation, RecommendRequest
from service.errors import FieldError, Invalid, Unavailable
from service.pipeline.cursor import Cursor, fingerprint, read_cursor
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages
from service.pipeline.taste import Taste, read_reader, taste_of, taste_of_reader


@dataclass(frozen=True)
class Profile:
    """What a reader reads: the share of each category and language among their clicks."""

    categories: dict[str, float]
    languages: dict[str, float]

    @classmethod
    def of(cls, catalogue: Catalogue, clicks: Iterable[ArticleId]) -> "Profile":
        """The profile that the live articles among ``clicks`` show."""
        entries = [entry for click in clicks if (entry := catalogue.entry(click)) is not None]
        return cls(
            _shares(entry.category for entry in entries),
            _shares(entry.language for entry in entries),
        )


@dataclass(frozen=True)
class Visit:
    """``now`` in seconds since 1970; ``moment`` is that of the first page."""

    request: RecommendRequest
    decision: Decision
    reader: Reader
    taste: Taste | None
    session: Taste | None
    now: float
    moment: float
    cursor: Cursor | None
    catalogue: Catalogue = field(repr=False)
    degraded: list[Degradation] = field(default_factory=list)

    @property
    def policy(self) -> RankingPolicy:
        """The policy that serves the request."""
        return self.decision.policy

    @cached_property
    def profile(self) -> Profile:
        """What the reader reads, or has said to, or shows in this session."""
        clicks: Sequence[ArticleId] = self.reader.clicked if self.policy.personal else ()
        if self.policy.personal and not clicks:
            clicks = self.session_article_ids
        profile = Profile.of(self.catalogue, clicks)
        interests = self.request.interests
        if interests is None or profile.categories or profile.languages:
            return profile
        return Profile(_shares(interests.categories), _shares(interests.languages))

    @property
    def session_article_ids(self) -> list[ArticleId]:
        """The session's articles, the oldest first."""
        return [ArticleId(article_id) for article_id in self.request.session_article_ids]


async def begin(newsstand: Newsstand, request: RecommendRequest, stages: Stages) -> Visit:
    """Learn who comes and what they read.

    Raises Invalid for an unknown scenario, and what ``read_cursor`` raises.
    """
    book = newsstand.policies()
    decision = book.decide(request.scenario, request.user_id)
    if decision is None:
        why = f"is none of {', '.join(book.names)}"
        raise Invalid(f"scenario {why}", (FieldError("body", "/scenario", why),))
    now, cursor = newsstand.clock(), None
    if request.cursor is not None:
        cursor = read_cursor(request.cursor, newsstand.cursor_key, fingerprint(request), now)
    degraded: list[Degradation] = []
    with stages.stage("state"):
        reader = await read_reader(newsstand, request.user_id, degraded)
    with stages.stage("taste"):
        own = session = None
        if decision.policy.personal:
            own = await taste_of_reader(
                newsstand, request.user_id, reader, degraded, explain=request.explain
            )
            session = await _session_taste(newsstand, request)
    return Visit(
        request=request,
        decision=decision,
        reader=reader,
        taste=own or session,
        session=session if own else None,
        now=now,
        moment=now if cursor is None else cursor.moment,
        cursor=cursor,
        catalogue=newsstand.catalogue,
        degraded=degraded,
    )


async def _session_taste(newsstand: Newsstand, request: RecommendRequest) -> Taste | None:
    if not request.session_article_ids:
        return None
    clicks = [ArticleId(article_id) for article_id in request.session_article_ids]
    try:
        return await taste_of(newsstand, "session", clicks)
    except Unavailable:  # the state store is away, and the clicks are not in this process
        return None


def _shares(values: Iterable[str | None]) -> dict[str, float]:
    counts = Counter(value for value in values if value is not None)
    return {value: count / counts.total() for value, count in counts.items()}

"""A visit: one request for recommendations, and all that is known before there are candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue
from service.catalogue.columns import NONE, Labels
from service.catalogue.histories import NO_ROWS, HistoryRows
from service.domain.experiment import Decision
from service.domain.fields import ArticleId
from service.domain.policy import RankingPolicy
from service.domain.reader import Reader
from service.domain.recommendation import Degradation, Interests, RecommendRequest
from service.errors import FieldError, Invalid, Unavailable
from service.pipeline.cursor import Cursor, fingerprint, read_cursor
from service.pipeline.newsstand import Newsstand
from service.pipeline.stages import Stages
from service.pipeline.taste import Taste, read_reader, taste_of, taste_of_reader
from service.ports import RowIds

Shares = NDArray[np.float64]
"""The share of each value of a column, by its code; the last place, for none, is 0. Empty where
nothing is known."""
NOTHING: Final = np.empty(0)


@dataclass(frozen=True)
class Profile:
    """What a reader reads: the share of each category and language among their clicks, by code."""

    categories: Shares
    languages: Shares

    @classmethod
    def of(cls, catalogue: Catalogue, clicked: RowIds) -> "Profile":
        """The profile that clicks on these rows show."""
        columns = catalogue.columns
        return cls(_shares(columns.categories, clicked), _shares(columns.languages, clicked))

    @classmethod
    def declared(cls, catalogue: Catalogue, interests: Interests) -> "Profile":
        """The profile of a reader who says what interests them."""
        columns = catalogue.columns
        return cls(
            _declared(columns.categories, interests.categories),
            _declared(columns.languages, interests.languages),
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
    histories: HistoryRows = field(repr=False)
    degraded: list[Degradation] = field(default_factory=list)

    @property
    def policy(self) -> RankingPolicy:
        """The policy that serves the request."""
        return self.decision.policy

    @cached_property
    def clicked_rows(self) -> RowIds:
        """The rows of what the reader clicked and is live, the oldest click first."""
        reader, user_id = self.reader, self.request.user_id
        if user_id is None or not reader.clicked:
            return NO_ROWS
        return self.histories.of(self.catalogue, user_id, reader.version, reader.clicked)

    @cached_property
    def profile(self) -> Profile:
        """What the reader reads, or has said to, or shows in this session."""
        rows = self.clicked_rows if self.policy.personal else NO_ROWS
        if self.policy.personal and not self.reader.clicked:
            rows = self.catalogue.rows(self.session_article_ids)
        profile = Profile.of(self.catalogue, rows)
        interests = self.request.interests
        if interests is None or len(profile.categories) or len(profile.languages):
            return profile
        return Profile.declared(self.catalogue, interests)

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
            session = await _session_taste(
                newsstand, request, explain=request.explain and own is None
            )
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
        histories=newsstand.histories,
        degraded=degraded,
    )


async def _session_taste(
    newsstand: Newsstand, request: RecommendRequest, *, explain: bool
) -> Taste | None:
    if not request.session_article_ids:
        return None
    newest = request.session_article_ids[-newsstand.model.history_length :]
    clicks = [ArticleId(article_id) for article_id in newest]
    try:
        return await taste_of(newsstand, "session", clicks, request.user_id, explain=explain)
    except Unavailable:  # the state store is away, and the clicks are not in this process
        return None


def _shares(column: Labels, rows: RowIds) -> Shares:
    codes = column[rows]
    codes = codes[codes != NONE]
    if not len(codes):
        return NOTHING
    return np.bincount(codes, minlength=len(column) + 1) / len(codes)


def _declared(column: Labels, values: Sequence[str]) -> Shares:
    known = [value for value in dict.fromkeys(values) if column.code(value) != NONE]
    return column.table(dict.fromkeys(known, 1 / len(known)), 0.0) if known else NOTHING

"""One shortlist from all generators: no row twice, each with where it comes from.

Shapes: R rows, N rows that a generator brings.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.domain.fields import ArticleId
from service.domain.recommendation import SOURCES, Boosts, Interests, Source
from service.pipeline.candidates.fresh import fresh
from service.pipeline.candidates.personal import best_by_taste, from_pool
from service.pipeline.candidates.shortlist import Shortlist
from service.pipeline.candidates.trending import trending
from service.pipeline.newsstand import Newsstand
from service.pipeline.taste import Taste
from service.pipeline.visit import Visit
from service.ports import Mask, RowIds

BESIDES_THE_PAGE: Final = 200
"""Re-ranking chooses from so many more than what is asked for, at least."""
DEEPEST: Final = 2_000
"""No more candidates, unless a page needs them: re-ranking looks at each for each place."""
SESSION: Final = 50
BOOSTED: Final = 50
INTERESTING: Final = 100


@dataclass
class _Gathering:
    """Rows taken so far; ``open_R`` are the allowed rows that are not."""

    open_R: Mask
    rows: list[RowIds] = field(default_factory=list)
    sources: list[NDArray[np.int8]] = field(default_factory=list)
    relevance: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return sum(map(len, self.rows))

    def take(
        self, rows: RowIds, source: Source, relevance_N: NDArray[np.float64] | None = None
    ) -> None:
        """``relevance_N`` by the reader's taste, where it is known."""
        open_N = self.open_R[rows]
        taken = rows[open_N]
        self.open_R[taken] = False
        self.rows.append(taken)
        self.sources.append(np.full(len(taken), SOURCES.index(source), np.int8))
        self.relevance.append(
            np.full(len(taken), np.nan) if relevance_N is None else relevance_N[open_N]
        )


def gather(
    newsstand: Newsstand, visit: Visit, allowed: Mask, explored: RowIds, depth: int
) -> Shortlist:
    """The candidates for one answer: first the explored ones, then ``depth`` times what the policy
    asks for, within bounds, while there are as many.
    """
    gathering = _Gathering(allowed.copy())
    gathering.take(explored, "explore")
    generators, limit = visit.policy.generators, visit.request.limit
    shallow = max(generators.personal, limit + BESIDES_THE_PAGE)
    pool = max(shallow, min(depth * shallow, DEEPEST))
    if visit.taste is not None:
        _take_by_taste(newsstand, visit, visit.taste, pool, gathering)
    if visit.request.boosts is not None and visit.policy.heeds_request:
        _take_boosted(newsstand, visit, visit.request.boosts, gathering)
    if visit.taste is None and visit.policy.heeds_request and visit.request.interests is not None:
        _take_interesting(visit, visit.request.interests, gathering)
    hot = pool if visit.taste is None else generators.trending
    gathering.take(trending(newsstand, visit, hot, gathering.open_R), "trending")
    new = max(generators.fresh, pool - gathering.taken)
    gathering.take(fresh(visit, new, gathering.open_R), "fresh")
    return Shortlist(
        rows_C=np.concatenate(gathering.rows),
        sources_C=np.concatenate(gathering.sources),
        found_C=np.concatenate(gathering.relevance),
        complete=not gathering.open_R.any(),
        taste=visit.taste,
        catalogue=visit.catalogue,
    )


def _take_by_taste(
    newsstand: Newsstand, visit: Visit, taste: Taste, pool: int, gathering: _Gathering
) -> None:
    whole = not visit.request.filters and visit.cursor is None
    reader = visit.request.user_id if taste.source == "personal" and whole else None
    if reader is None:
        found = best_by_taste(visit.catalogue, taste, pool, gathering.open_R)
    else:
        found = from_pool(visit.catalogue, newsstand.pools, taste, reader, pool, gathering.open_R)
    rows, relevance_N = found
    gathering.take(rows, taste.source, relevance_N)
    if visit.session is not None:
        rows, _ = best_by_taste(visit.catalogue, visit.session, SESSION, gathering.open_R)
        gathering.take(rows, "session")


def _take_boosted(
    newsstand: Newsstand, visit: Visit, boosts: Boosts, gathering: _Gathering
) -> None:
    """What is boosted is a candidate, also where no generator would have brought it."""
    catalogue, columns = visit.catalogue, visit.catalogue.columns
    named = [ArticleId(a) for a, factor in boosts.article_ids.items() if factor > 1]
    source: Source = "fresh" if visit.taste is None else visit.taste.source
    gathering.take(catalogue.rows(dict.fromkeys(named)), source)
    for column, factors in (
        (columns.categories, boosts.categories),
        (columns.sources, boosts.sources),
    ):
        wanted = [value for value, factor in factors.items() if factor > 1]
        if wanted:
            among = gathering.open_R & column.among(wanted, slice(0, len(gathering.open_R)))
            gathering.take(_best_among(newsstand, visit, among), source)


def _take_interesting(visit: Visit, interests: Interests, gathering: _Gathering) -> None:
    """The newest of what a cold reader says that they want, wherever it stands."""
    columns, everything = visit.catalogue.columns, slice(0, len(gathering.open_R))
    for column, wanted in (
        (columns.categories, interests.categories),
        (columns.languages, interests.languages),
    ):
        if wanted:
            among = gathering.open_R & column.among(wanted, everything)
            gathering.take(visit.catalogue.newest(INTERESTING, among), "fresh")


def _best_among(newsstand: Newsstand, visit: Visit, among: Mask) -> RowIds:
    if visit.taste is None:
        return visit.catalogue.newest(BOOSTED, among)
    return best_by_taste(visit.catalogue, visit.taste, BOOSTED, among)[0]

"""What was served is remembered, without the answer waiting for it: events can be joined to it,
and what chance decided can be used to judge other policies.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from service.domain.fields import ArticleId, UserId
from service.domain.policy import RankingPolicy
from service.domain.recommendation import SOURCES
from service.domain.served import Drawn, ServedList
from service.pipeline.candidates.explore import Explored
from service.pipeline.candidates.shortlist import Shortlist
from service.pipeline.newsstand import Newsstand
from service.pipeline.scoring.score import Disliked, score
from service.pipeline.visit import Visit

ITEMS_REMEMBERED: Final = 200
"""The first items of a list: events on those after them are not joined to it."""


def remember(
    newsstand: Newsstand,
    visit: Visit,
    recommendation_id: str,
    shown: Sequence[ArticleId],
    explored: Explored,
    against: Disliked | None,
) -> None:
    """Have the list remembered with its reader, if they have an id. Nothing waits for it."""
    user_id, decision = visit.request.user_id, visit.decision
    if user_id is None or not shown:
        return
    served = ServedList(
        recommendation_id=recommendation_id,
        moment_ms=int(visit.now * 1000),
        scenario=decision.scenario,
        experiment=decision.counted_under,
        variant=decision.variant,
        article_ids=tuple(shown[:ITEMS_REMEMBERED]),
        drawn=_drawn(newsstand, visit, explored, against),
    )
    newsstand.readers.remember_served(UserId(user_id), served)


def _drawn(
    newsstand: Newsstand,
    visit: Visit,
    explored: Explored,
    against: Disliked | None,
) -> tuple[Drawn, ...]:
    if not len(explored.drawn_K):
        return ()
    ids = visit.catalogue.ids(explored.rows)
    choices = _choices(newsstand, visit, explored, against)
    return tuple(
        Drawn(
            article_id,
            float(propensity),
            tuple(choices),
            tuple(variant for variant, chosen_K in choices.items() if chosen_K[place] == position),
        )
        for place, (article_id, propensity, position) in enumerate(
            zip(ids, explored.propensities_K, explored.drawn_K, strict=True)
        )
    )


def _choices(
    newsstand: Newsstand,
    visit: Visit,
    explored: Explored,
    against: Disliked | None,
) -> dict[str, list[int]]:
    """Each variant's own choice for each explored place, of all that could be drawn for it.

    A variant that looks at other things of the reader than the one that serves them is left out:
    what it would have chosen is not known here.
    """
    experiment, book = visit.decision.experiment, newsstand.policies()
    if experiment is None or experiment not in book.experiments:
        return {}
    count = len(explored.pool)
    shortlist = Shortlist(
        rows_C=explored.pool,
        sources_C=np.full(count, SOURCES.index("explore"), np.int8),
        found_C=np.full(count, np.nan),
        complete=True,
        taste=visit.taste,
        catalogue=visit.catalogue,
    )
    choices: dict[str, list[int]] = {}
    for variant, policy in book.variant_policies(experiment).items():
        if not _looks_at_the_same(policy, visit.policy):
            continue
        score_C = score(newsstand, visit, shortlist, against, policy).score_C.copy()
        choices[variant] = []
        for position in explored.drawn_K.tolist():
            choices[variant].append(int(np.argmax(score_C)))
            score_C[position] = -np.inf
    return choices


def _looks_at_the_same(one: RankingPolicy, other: RankingPolicy) -> bool:
    alike = bool(one.dislikes.weight) == bool(other.dislikes.weight)
    return one.personal == other.personal and alike

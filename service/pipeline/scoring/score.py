"""The score of every candidate: the model's relevance, and what the policy adds and takes.

Every part but the boosts is in units of the reader's highest possible relevance, so that the same
weight means the same for every reader and every model.

Shapes: C candidates, K dislikes, D dimensions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.policy import RankingPolicy
from service.pipeline.candidates.shortlist import Shortlist
from service.pipeline.newsstand import Newsstand
from service.pipeline.scoring.boosts import boosted, factors
from service.pipeline.scoring.dislikes import dislike, fading
from service.pipeline.scoring.freshness import freshness
from service.pipeline.scoring.popularity import popularity
from service.pipeline.taste import known_vectors
from service.pipeline.visit import Visit

Float64 = NDArray[np.float64]
HOUR = 3_600.0
DAY = 86_400.0
DISLIKES_WEIGHED = 20
"""The newest so many dislikes and hides speak."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The candidates' scores, and the parts that sum to them, by name."""

    score_C: Float64
    parts: dict[str, Float64]

    def parts_of(self, position: int) -> dict[str, float]:
        """One candidate's parts."""
        return {name: float(part_C[position]) for name, part_C in self.parts.items()}


@dataclass(frozen=True, slots=True)
class Disliked:
    """What the reader disliked or hid: directions (K×D) and when (seconds since 1970)."""

    directions_KD: Float64
    moments_K: Float64


async def disliked(newsstand: Newsstand, visit: Visit) -> Disliked | None:
    """The newest dislikes and hides whose vectors this process has at hand or can get."""
    if not visit.policy.dislikes.weight or visit.taste is None:
        return None
    marks = [mark for mark in visit.reader.marks if mark.type in ("dislike", "hide")]
    if not marks:
        return None
    newest = sorted(marks, key=lambda mark: mark.timestamp_ms)[-DISLIKES_WEIGHED:]
    vectors = await known_vectors(newsstand, [mark.article_id for mark in newest])
    found = [mark for mark in newest if mark.article_id in vectors]
    if not found:
        return None
    return Disliked(
        visit.catalogue.directions(np.stack([vectors[mark.article_id] for mark in found])),
        np.array([mark.timestamp_ms / 1000 for mark in found]),
    )


def score(
    newsstand: Newsstand,
    visit: Visit,
    shortlist: Shortlist,
    against: Disliked | None,
    policy: RankingPolicy,
) -> Scored:
    """The candidates' scores under the policy."""
    parts: dict[str, Float64] = {}
    if shortlist.relevance is not None:
        parts["relevance"] = shortlist.relevance
    weighted = {
        "freshness": _freshness(visit, shortlist, policy),
        "popularity": _popularity(newsstand, visit, shortlist, policy),
        "dislikes": _dislikes(visit, shortlist, policy, against),
        "impressions": _impressions(visit, shortlist, policy),
        "languages": _languages(visit, shortlist, policy),
        "interests": _interests(visit, shortlist, policy),
    }
    parts |= {name: part * shortlist.unit for name, part in weighted.items() if part is not None}
    score_C = sum(parts.values(), start=np.zeros(len(shortlist)))
    boosts = visit.request.boosts
    if boosts is not None and policy.heeds_request:
        lifted_C = boosted(score_C, factors(shortlist.entries, boosts))
        parts["boosts"], score_C = lifted_C - score_C, lifted_C
    return Scored(score_C, parts)


def _freshness(visit: Visit, shortlist: Shortlist, policy: RankingPolicy) -> Float64 | None:
    if not policy.freshness.weight:
        return None
    columns, rows = visit.catalogue.columns, shortlist.rows_C
    age_hours_C = (visit.moment - columns.published_R[rows]) / HOUR
    half_lives = columns.categories.table(
        policy.freshness.categories, policy.freshness.half_life_hours
    )
    half_life_C = half_lives[columns.categories[rows]]
    return policy.freshness.weight * freshness(age_hours_C, half_life_C)


def _popularity(
    newsstand: Newsstand, visit: Visit, shortlist: Shortlist, policy: RankingPolicy
) -> Float64 | None:
    prior = policy.popularity
    weight = policy.cold.popularity if visit.taste is None else prior.weight
    if not weight:
        return None
    heat = newsstand.popularity.heat(prior.window_hours, prior.half_life_hours, prior.dwell)
    heat_R = newsstand.hot.by_row(visit.catalogue, heat)
    return weight * popularity(heat_R[shortlist.rows_C], heat.highest)


def _dislikes(
    visit: Visit, shortlist: Shortlist, policy: RankingPolicy, against: Disliked | None
) -> Float64 | None:
    if against is None or not policy.dislikes.weight:
        return None
    age_days_K = (visit.moment - against.moments_K) / DAY
    fading_K = fading(age_days_K, policy.dislikes.half_life_days)
    return -policy.dislikes.weight * dislike(
        visit.catalogue.directions(shortlist.vectors), against.directions_KD, fading_K
    )


def _impressions(visit: Visit, shortlist: Shortlist, policy: RankingPolicy) -> Float64 | None:
    shown = visit.reader.shown
    if not shown or policy.impressions is None or not policy.impressions.discount:
        return None
    rows = visit.catalogue.find(list(shown)).tolist()
    times_of = dict(zip(rows, shown.values(), strict=True))
    times_C = np.array([times_of.get(row, 0) for row in shortlist.rows_C.tolist()], np.float64)
    return -policy.impressions.discount * times_C


def _languages(visit: Visit, shortlist: Shortlist, policy: RankingPolicy) -> Float64 | None:
    asked = visit.request.language_affinity if policy.heeds_request else None
    affinity = policy.language_affinity if asked is None else asked
    shares = visit.profile.languages
    if not affinity or not len(shares):
        return None
    return affinity * shares[visit.catalogue.columns.languages[shortlist.rows_C]]


def _interests(visit: Visit, shortlist: Shortlist, policy: RankingPolicy) -> Float64 | None:
    interests = visit.request.interests
    if interests is None or visit.taste is not None or not policy.cold.interests:
        return None
    columns, rows = visit.catalogue.columns, shortlist.rows_C
    fits_C: Float64 = np.zeros(len(rows))
    for column, wanted in (
        (columns.categories, interests.categories),
        (columns.languages, interests.languages),
    ):
        fits_C += column.table(dict.fromkeys(wanted, 1.0), 0.0)[column[rows]]
    return policy.cold.interests * fits_C

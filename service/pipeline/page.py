"""One page: the best candidates in order, among those that chance brought.

Shapes: C candidates, K explored, G categories.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_store.user_models import Explanation
from service.domain.fields import ArticleId
from service.domain.recommendation import Item, ItemReason
from service.pipeline.candidates.explore import places_of
from service.pipeline.candidates.shortlist import Shortlist
from service.pipeline.reranking.calibration import Calibration
from service.pipeline.reranking.caps import Cap
from service.pipeline.reranking.select import Rules, Shown, select
from service.pipeline.scoring.score import Scored
from service.pipeline.visit import Visit


@dataclass(frozen=True, slots=True)
class Page:
    """Positions in the shortlist, in order. ``relaxed``: for want of candidates it holds several
    versions of a story, or more of a source than its cap.
    """

    positions: list[int]
    relaxed: bool


def fill(visit: Visit, shortlist: Shortlist, scored: Scored, explored: int) -> Page:
    """Choose the page. The shortlist's first ``explored`` candidates have their places already."""
    rest = slice(explored, None)
    choice = select(
        scored.score_C[rest] / shortlist.unit,
        shortlist.directions[rest],
        shortlist.entries[rest],
        visit.request.limit - explored,
        _rules(visit, shortlist, explored),
        _shown(visit, shortlist, explored),
    )
    positions = [explored + position for position in choice.positions]
    for number, place in enumerate(places_of(explored, len(positions) + explored)):
        positions.insert(place, number)
    return Page(positions, choice.relaxed)


def items(
    visit: Visit,
    shortlist: Shortlist,
    scored: Scored,
    page: Page,
    shown: Sequence[ArticleId],
    explanation: Explanation,
) -> list[Item]:
    """The page as it is answered. ``shown`` are its articles; ``explanation`` is what the model's
    contributions mean.
    """
    relevance_C, explain = shortlist.relevance, visit.request.explain
    places, positions = range(1, len(shown) + 1), page.positions
    scores = scored.score_C[positions].tolist()
    relevance = [None] * len(shown) if relevance_C is None else relevance_C[positions].tolist()
    return [
        Item(
            article_id=article_id,
            rank=rank,
            score=score,
            relevance=relevant,
            source=shortlist.source(position),
            reason=_reason(visit, shortlist, scored, position, explanation) if explain else None,
        )
        for rank, article_id, score, relevant, position in zip(
            places, shown, scores, relevance, positions, strict=True
        )
    ]


def article_ids(visit: Visit, shortlist: Shortlist, page: Page) -> list[ArticleId]:
    """The articles on the page, in order."""
    return visit.catalogue.ids(shortlist.rows_C[page.positions])


def _reason(
    visit: Visit, shortlist: Shortlist, scored: Scored, position: int, explanation: Explanation
) -> ItemReason:
    taste = visit.taste
    return ItemReason(
        clicks=[] if taste is None else taste.contributions(shortlist.vectors[position]),
        explanation=explanation,
        parts=scored.parts_of(position),
    )


def _rules(visit: Visit, shortlist: Shortlist, explored: int) -> Rules:
    policy, request = visit.policy, visit.request
    asked = request.diversity if policy.heeds_request else None
    columns, rows = visit.catalogue.columns, shortlist.rows_C[explored:]
    placed = shortlist.rows_C[:explored]
    caps = [
        Cap.of(column[rows], share, request.limit, column[placed])
        for column, share in (
            (columns.sources, policy.caps.source),
            (columns.authors, policy.caps.author),
            (columns.categories, policy.caps.category),
        )
        if share < 1
    ]
    calibration = None
    if policy.calibration and len(visit.profile.categories):
        codes, own_mix_G = columns.categories, visit.profile.categories
        calibration = Calibration(codes[rows], own_mix_G, codes[placed])
    return Rules(
        diversity=policy.diversity if asked is None else asked,
        calibration_weight=policy.calibration,
        calibration=calibration,
        duplicates=policy.duplicates,
        caps=caps,
    )


def _shown(visit: Visit, shortlist: Shortlist, explored: int) -> Shown | None:
    """What the choice has to differ from: the explored, and what earlier pages showed."""
    catalogue, rows = visit.catalogue, shortlist.rows_C[:explored]
    if visit.cursor is not None:
        rows = np.concatenate([rows, catalogue.rows(visit.cursor.shown)])
    if not len(rows):
        return None
    return Shown(catalogue.entries(rows), catalogue.single_directions(catalogue.vectors(rows)))

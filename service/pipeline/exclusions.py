"""What no answer may hold."""

import numpy as np

from service.catalogue.columns import NONE, Labels
from service.domain.fields import ArticleId
from service.pipeline.visit import Visit
from service.ports import Mask


def allowed_rows(visit: Visit) -> Mask:
    """Which rows (R,) may be recommended.

    Not what the reader clicked, hid, disliked, or was shown too often; not what the request
    excludes, boosts by 0 or has in its session; not what its filters refuse, nor languages that the
    policy keeps away; on a later page, not what an earlier one showed nor what came since; nothing
    withdrawn or expired.
    """
    catalogue, request = visit.catalogue, visit.request
    catalogue.expire(visit.now)
    mask_R = catalogue.allowed(request.filters, _refused(visit))
    mask_R[visit.clicked_rows] = False
    if visit.cursor is not None:
        mask_R &= catalogue.columns.ingested_R[: len(mask_R)] <= visit.cursor.moment
    if not visit.policy.cross_lingual:
        _keep_to_languages(mask_R, visit)
    if request.boosts is not None and visit.policy.heeds_request:
        _leave_out(mask_R, catalogue.columns.categories, request.boosts.categories)
        _leave_out(mask_R, catalogue.columns.sources, request.boosts.sources)
    return mask_R


def _refused(visit: Visit) -> set[ArticleId]:
    """All that is refused by name, but the clicks, whose rows are known."""
    request = visit.request
    refused = visit.reader.turned_away()
    refused.update(map(ArticleId, request.exclude_article_ids))
    refused.update(map(ArticleId, request.session_article_ids))
    if visit.policy.impressions is not None:
        refused.update(visit.reader.shown_too_often(visit.policy.impressions.most))
    if visit.cursor is not None:
        refused.update(visit.cursor.shown)
    if request.boosts is not None and visit.policy.heeds_request:
        left_out = (a for a, factor in request.boosts.article_ids.items() if not factor)
        refused.update(map(ArticleId, left_out))
    return refused


def _leave_out(mask_R: Mask, column: Labels, factors: dict[str, float]) -> None:
    refused = [value for value, factor in factors.items() if not factor]
    if refused:
        np.logical_and(mask_R, ~column.among(refused, slice(0, len(mask_R))), out=mask_R)


def _keep_to_languages(mask_R: Mask, visit: Visit) -> None:
    """What the reader reads or has declared, and what states no language; all, if neither is
    known.
    """
    column, everything = visit.catalogue.columns.languages, slice(0, len(mask_R))
    declared = visit.request.interests.languages if visit.request.interests else []
    read = visit.profile.languages
    if not declared and not len(read):
        return
    codes_R = column[everything]
    wanted_R = column.among(declared, everything) | (codes_R == NONE)
    if len(read):
        wanted_R |= read[codes_R] > 0
    mask_R &= wanted_R

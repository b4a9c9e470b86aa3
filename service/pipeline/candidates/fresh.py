"""Candidates that came last."""

import numpy as np

from service.pipeline.visit import Visit
from service.ports import Mask, RowIds

DEEPER = 4
"""So many times more of the newest are looked through for those in the reader's languages."""


def fresh(visit: Visit, limit: int, allowed: Mask) -> RowIds:
    """The ``limit`` allowed rows published last, those in languages the reader reads before
    others, the newest first.
    """
    languages = visit.profile.languages
    if not len(languages) or limit < 1:
        return visit.catalogue.newest(limit, allowed)
    rows = visit.catalogue.newest(DEEPER * limit, allowed)
    readable_N = languages[visit.catalogue.columns.languages[rows]] > 0
    return np.concatenate([rows[readable_N], rows[~readable_N]])[:limit]

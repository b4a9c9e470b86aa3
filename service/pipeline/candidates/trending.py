"""Candidates that are read most now: overall, and in what this reader reads."""

import numpy as np

from service.pipeline.newsstand import Newsstand
from service.pipeline.visit import Visit
from service.ports import Mask, RowIds

TOP_CATEGORIES = 3


def trending(newsstand: Newsstand, visit: Visit, limit: int, allowed: Mask) -> RowIds:
    """The ``limit`` hottest allowed rows: half of them overall, half of the reader's own
    categories and languages while there are such, then again overall.
    """
    prior, catalogue = visit.policy.popularity, visit.catalogue
    if limit < 1:
        return np.empty(0, np.int64)
    heat = newsstand.popularity.heat(prior.window_hours, prior.half_life_hours, prior.dwell)
    rows, _ = newsstand.hot.of(catalogue, heat)
    rows = rows[allowed[rows]]
    if len(rows) <= limit:
        return rows
    overall = limit - limit // 2
    own = rows[overall:][_of_the_reader(visit, rows[overall:])][: limit - overall]
    more = rows[overall : overall + limit]
    return np.fromiter(dict.fromkeys([*rows[:overall], *own, *more]), np.int64)[:limit]


def _of_the_reader(visit: Visit, rows: RowIds) -> Mask:
    columns, profile = visit.catalogue.columns, visit.profile
    wanted_N = np.ones(len(rows), np.bool_)
    if len(profile.categories):
        top = np.argsort(-profile.categories, kind="stable")[:TOP_CATEGORIES]
        wanted_N &= np.isin(columns.categories[rows], top[profile.categories[top] > 0])
    if len(profile.languages):
        wanted_N &= profile.languages[columns.languages[rows]] > 0
    return wanted_N

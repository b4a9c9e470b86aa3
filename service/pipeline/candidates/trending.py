"""Candidates that are read most now: overall, and in what this reader reads."""

from collections.abc import Callable

import numpy as np

from service.catalogue.fitting import first_fitting
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
    hottest = rows[first_fitting(rows, 2 * limit, allowed.__getitem__)].tolist()
    if len(hottest) <= limit:
        return np.array(hottest, np.int64)
    overall = limit - limit // 2
    fits = _fits(visit, allowed)
    own = rows[first_fitting(rows, limit, fits)].tolist()
    first = dict.fromkeys(hottest[:overall])
    others = [row for row in own if row not in first][: limit - overall]
    return np.array(list(dict.fromkeys([*first, *others, *hottest])), np.int64)[:limit]


def _fits(visit: Visit, allowed: Mask) -> Callable[[RowIds], Mask]:
    """Which rows are allowed and of the reader's own: of the categories that they read most, and
    of the languages that they read.
    """
    columns, profile = visit.catalogue.columns, visit.profile
    shares = profile.categories
    top = np.argsort(-shares, kind="stable")[:TOP_CATEGORIES]
    wanted_G = np.zeros(len(shares), np.bool_)
    wanted_G[top[shares[top] > 0]] = True

    def fit(rows: RowIds) -> Mask:
        fits_N = allowed[rows]
        if len(shares):
            fits_N &= wanted_G[columns.categories[rows]]
        if len(profile.languages):
            fits_N &= profile.languages[columns.languages[rows]] > 0
        return fits_N

    return fit

"""The map of a catalogue: a chart, and the articles on it.

Which articles are shown, and which are the chart's landmarks, their ids alone decide: those whose
hashes are lowest. That is as good as by chance, and an article that comes takes the place of one
other at most, in whichever process and whenever it comes. The chart holds until a fifth of its
landmarks has changed, and the next one grows out of it.

Shapes: R rows, N articles.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import numpy as np
from cachetools import LRUCache

from service.catalogue.chart import Chart
from service.catalogue.frozen import Frozen
from service.catalogue.segment import Hashes
from service.domain.overview import MapArticle
from service.ports import RowIds

LANDMARKS: Final = 1_000
ARTICLES_KEPT: Final = 10_000
DECIMALS: Final = 4


class Atlas:
    """Remembers the last chart, and what was drawn on it."""

    def __init__(self) -> None:
        self.drawing = asyncio.Lock()
        """To be held while it draws."""
        self._chart: Chart | None = None
        self._layout = -1
        self._drawn: LRUCache[int, MapArticle] = LRUCache(ARTICLES_KEPT)

    def draw(
        self, known: Frozen, limit: int, included: RowIds
    ) -> tuple[Sequence[MapArticle], float]:
        """At most ``limit`` live articles, or all that are ``included`` if these are more; and the
        variance that the chart explains. A new chart takes a second or two.
        """
        names_R = known.hashes()
        sample = _lowest(names_R, np.flatnonzero(known.alive_R), max(limit, LANDMARKS))
        if not len(sample):
            return [], 0.0
        chart = self._chart_with(known, names_R, sample[:LANDMARKS])
        others = sample[~np.isin(sample, included)]
        rows = np.concatenate([included, others[: max(limit - len(included), 0)]])
        shown = self._articles(known, chart, _lowest(names_R, rows, len(rows)))
        return shown, chart.explained_variance

    def _chart_with(self, known: Frozen, names_R: Hashes, landmarks: RowIds) -> Chart:
        """The chart that holds for these landmarks."""
        names = names_R[landmarks]
        if self._chart is None or not self._chart.holds_for(names):
            spoken = [known.entry(row).language for row in landmarks.tolist()]
            self._chart = Chart.of(names, known.vectors(landmarks), spoken, self._chart)
            self._drawn.clear()
        if known.layout != self._layout:
            self._layout = known.layout
            self._drawn.clear()
        return self._chart

    def _articles(self, known: Frozen, chart: Chart, rows: RowIds) -> list[MapArticle]:
        """The articles in ``rows``, each placed once."""
        shown = {row: self._drawn.get(row) for row in rows.tolist()}
        new = [row for row, article in shown.items() if article is None]
        if new:
            placed = dict(zip(new, _placed(known, chart, new), strict=True))
            self._drawn.update(placed)
            shown |= placed
        return [article for article in shown.values() if article is not None]


def _placed(known: Frozen, chart: Chart, rows: Sequence[int]) -> list[MapArticle]:
    entries = [known.entry(row) for row in rows]
    spoken = [entry.language for entry in entries]
    places_N2 = chart.places(known.vectors(np.array(rows)), spoken).round(DECIMALS)
    return [
        MapArticle(
            article_id=entry.article_id,
            title=entry.title,
            category=entry.category,
            language=entry.language,
            x=x,
            y=y,
        )
        for entry, (x, y) in zip(entries, places_N2.tolist(), strict=True)
    ]


def _lowest(names_R: Hashes, rows_N: RowIds, limit: int) -> RowIds:
    """The ``limit`` rows whose names are lowest, the lowest first."""
    names_N = names_R[rows_N]
    if len(rows_N) > limit:
        among = names_N <= np.partition(names_N, limit - 1)[limit - 1]
        rows_N, names_N = rows_N[among], names_N[among]
    return rows_N[np.lexsort((rows_N, names_N))][:limit]

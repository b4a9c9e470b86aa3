"""How much each article is read and shown, as one process last heard.

Shapes: N articles that were counted, C articles asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.domain.fields import ArticleId

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """Time-decayed reading. ``numbers`` says where an article stands in ``heat_N``."""

    numbers: Mapping[ArticleId, int]
    heat_N: Float64
    hottest: tuple[ArticleId, ...]
    """The articles that are read most, the hottest first; those without heat are left out."""

    @property
    def highest(self) -> float:
        """The heat of the hottest article, 0 without any."""
        return float(self.heat_N[self.numbers[self.hottest[0]]]) if self.hottest else 0.0

    def of(self, article_ids: Sequence[ArticleId]) -> Float64:
        """The articles' heat (C,), 0 where there is none."""
        return looked_up(self.numbers, self.heat_N, article_ids)


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Clicks and impressions of the last days, undecayed."""

    numbers: Mapping[ArticleId, int]
    clicks_N: Float64
    impressions_N: Float64

    def of(self, article_ids: Sequence[ArticleId]) -> tuple[Float64, Float64]:
        """The articles' clicks (C,) and impressions (C,)."""
        return (
            looked_up(self.numbers, self.clicks_N, article_ids),
            looked_up(self.numbers, self.impressions_N, article_ids),
        )


def looked_up(
    numbers: Mapping[ArticleId, int], values_N: Float64, article_ids: Sequence[ArticleId]
) -> Float64:
    """The articles' values (C,), 0 for an article that has none."""
    number_of = numbers.get
    numbers_C = np.array([number_of(article_id, -1) for article_id in article_ids], np.int64)
    known_C = (numbers_C >= 0) & (numbers_C < len(values_N))
    values: Float64 = np.zeros(len(article_ids))
    values[known_C] = values_N[numbers_C[known_C]]
    return values


NO_HEAT: Final = Heat({}, np.empty(0), ())

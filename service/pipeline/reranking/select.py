"""The greedy choice of a page, one place after the other.

Each place takes, of the candidates that are open, the one that gains most:

    (1 − d)·score/unit − d·(highest cosine to what is shown already) + c·(calibration's gain)

by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) and calibration (Steck, RecSys
2018). Taking one shuts out other versions of its story and, once it is full, its source, author or
category. Where nothing is open any more, first the capped come back, then the other versions: a
page is never shorter than it could be.

Directions are vectors of length 1. Shapes: C candidates, S shown before, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.catalogue.entry import Entry
from service.domain.policy import Duplicates
from service.pipeline.reranking.calibration import Calibration
from service.pipeline.reranking.caps import Cap
from service.pipeline.reranking.stories import same_story
from service.ports import Mask

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on the page, or stood on an earlier one: entries and directions (S×D)."""

    entries: Sequence[Entry]
    directions_SD: Float32


@dataclass(frozen=True, slots=True)
class Rules:
    """How a page is chosen. Without any rule it is the order of the scores."""

    diversity: float = 0.0
    calibration_weight: float = 0.0
    calibration: Calibration | None = None
    duplicates: Duplicates | None = None
    caps: Sequence[Cap] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions of the chosen candidates, in order. ``relaxed``: some were shut out before."""

    positions: list[int]
    relaxed: bool


def select(
    score_C: Float64,
    directions_CD: Float32,
    entries: Sequence[Entry],
    limit: int,
    rules: Rules,
    shown: Shown | None = None,
) -> Choice:
    """The ``limit`` candidates to show, or all if there are fewer.

    ``score_C`` is finite, in units of the highest possible relevance. Ties keep the candidates'
    order; nothing is chosen twice.
    """
    limit = max(min(limit, len(score_C)), 0)
    if not (rules.diversity or rules.calibration or rules.duplicates or rules.caps):
        return Choice(np.argsort(-score_C, kind="stable")[:limit].tolist(), relaxed=False)
    return _Page(score_C, directions_CD, entries, rules).filled(limit, shown)


class _Page:
    """A page that fills place by place. ``base_C`` is −inf for a candidate that is shut out."""

    def __init__(
        self, score_C: Float64, directions_CD: Float32, entries: Sequence[Entry], rules: Rules
    ) -> None:
        count = len(score_C)
        self.entries, self.rules = entries, rules
        self.directions_CD = directions_CD
        self.unshut_C = (1 - rules.diversity) * score_C
        self.base_C = self.unshut_C.copy()
        self.nearest_C, self.gain_C = np.full(count, -1.0), np.empty(count)
        self.capped_C, self.chosen_C = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self.positions: list[int] = []
        self.relaxed = self.only_versions_left = False

    def filled(self, limit: int, shown: Shown | None) -> Choice:
        if shown is not None and len(shown.entries):
            self._heed(shown)
        for cap in self.rules.caps:
            self._shut_out(cap.full())
        while len(self.positions) < limit:
            best = self._best()
            if self.base_C[best] == -np.inf:
                self._relax()
                continue
            self.positions.append(best)
            if len(self.positions) < limit:
                self._heed_choice(best)
        return Choice(self.positions, self.relaxed)

    def _best(self) -> int:
        np.multiply(self.nearest_C, -self.rules.diversity, out=self.gain_C)
        self.gain_C += self.base_C
        if self.rules.calibration is not None:
            self.gain_C += self.rules.calibration_weight * self.rules.calibration.gain()
        return int(self.gain_C.argmax())

    def _relax(self) -> None:
        """Open what the caps shut out; where that is nothing, the other versions of stories."""
        self.relaxed = True
        self.only_versions_left = not self.capped_C.any()
        opened_C = ~self.chosen_C if self.only_versions_left else self.capped_C
        self.base_C[opened_C] = self.unshut_C[opened_C]
        self.capped_C[:] = False

    def _heed_choice(self, position: int) -> None:
        """What the choice changes for all that come after it."""
        self.chosen_C[position], self.base_C[position] = True, -np.inf
        if self.rules.diversity or self.rules.duplicates:
            cosine_C = self.directions_CD @ self.directions_CD[position]
            self._shut_out_story(self.entries, position, cosine_C)
            np.maximum(self.nearest_C, cosine_C, out=self.nearest_C)
        for cap in self.rules.caps:
            full_C = cap.count(position)
            if full_C is not None:
                self._shut_out(full_C)
        if self.rules.calibration is not None:
            self.rules.calibration.count(position)

    def _shut_out(self, full_C: Mask) -> None:
        full_C &= self.base_C != -np.inf
        self.capped_C |= full_C
        self.base_C[full_C] = -np.inf

    def _shut_out_story(self, entries: Sequence[Entry], place: int, cosine_C: Float32) -> None:
        """Shut out the versions of a story. Most have none near: then no entry is looked up."""
        rule = self.rules.duplicates
        if rule is None or self.only_versions_left:
            return
        near_C = cosine_C >= min(rule.similarity, rule.certain)
        for other in near_C.nonzero()[0].tolist():
            if self.base_C[other] == -np.inf and not self.capped_C[other]:
                continue
            if same_story(entries[place], self.entries[other], float(cosine_C[other]), rule):
                self.base_C[other], self.capped_C[other] = -np.inf, False

    def _heed(self, shown: Shown) -> None:
        cosine_SC = shown.directions_SD @ self.directions_CD.T
        for place, cosine_C in enumerate(cosine_SC):
            self._shut_out_story(shown.entries, place, cosine_C)
            np.maximum(self.nearest_C, cosine_C, out=self.nearest_C)

"""The candidates, with what scoring and re-ranking read of them: only what is read is fetched.

Shapes: C candidates, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue
from service.catalogue.entry import Entry
from service.domain.recommendation import SOURCES, Source
from service.pipeline.taste import Taste
from service.ports import RowIds, Vectors

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Shortlist:
    """``found_C`` is the candidates' relevance where a search has found it, NaN elsewhere.
    ``complete``: there are no other candidates.
    """

    rows_C: RowIds
    sources_C: NDArray[np.int8]
    found_C: Float64
    complete: bool
    taste: Taste | None = field(repr=False)
    catalogue: Catalogue = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows_C)

    @cached_property
    def relevance(self) -> Float64 | None:
        """The model's own scores (C,); None without taste."""
        if self.taste is None:
            return None
        relevance_C = self.found_C.copy()
        rest = np.isnan(relevance_C).nonzero()[0]
        if len(rest):
            relevance_C[rest] = self.taste.relevance(self.vectors[rest])
        return relevance_C

    @cached_property
    def unit(self) -> float:
        """The highest relevance that the reader could have for any article, 1 without taste:
        weights are in units of it.
        """
        if self.taste is None:
            return 1.0
        return self.taste.length() * self.catalogue.longest or 1.0

    @cached_property
    def entries(self) -> Sequence[Entry]:
        """What is known of the candidates."""
        return self.catalogue.entries(self.rows_C)

    @cached_property
    def vectors(self) -> Vectors:
        """The vectors (C×D) as they are stored."""
        return self.catalogue.vectors(self.rows_C)

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """The vectors (C×D) at length 1, to be compared with each other."""
        return self.catalogue.single_directions(self.vectors)

    def source(self, position: int) -> Source:
        """Which generator brought the candidate."""
        return SOURCES[int(self.sources_C[position])]
